package org.alignment4j.examples.cli.synthesize;

import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.induction.PromptedInducer;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.data.synthesis.SaferInstruct;
import org.alignment4j.data.synthesis.SynthesisEstimate;
import org.alignment4j.data.synthesis.SynthesisSettings.Principles;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;

/** Runs the stages over stand-ins for the models. */
final class SynthesisSimulation {
  private static final long MOST = 500;

  private SynthesisSimulation() {}

  static SynthesisEstimate run(
      SynthesisDescription description, long texts, double acceptance, ProgressListener progress) {
    try (RequestStore store = RequestStore.inMemory();
        Stream<SourceText> source = description.open(row -> {})) {
      RequestLedger.Builder priced = RequestLedger.builder(store);
      description.models().forEach((name, model) -> priced.prices(name, model.prices()));
      RequestLedger requests = RequestLedger.counting(priced.build());
      ChatModel inducer = SynthesisEstimate.standIn(description.inducer(), acceptance);
      SaferInstruct.Builder builder =
          description
              .synthesis(requests)
              .threads(1)
              // A stand-in cannot recognise a text's category.
              .principles(oneCategory(description.principles()))
              .inducer(new PromptedInducer(inducer));
      description.judge().ifPresent(n -> builder.judge(SynthesisEstimate.standIn(n, acceptance)));
      description.expert().ifPresent(n -> builder.expert(SynthesisEstimate.standIn(n, acceptance)));
      description
          .verifier()
          .ifPresent(n -> builder.verifier(SynthesisEstimate.standIn(n, acceptance)));
      SaferInstruct run = builder.build();
      long step = Math.max(1, texts / MOST);
      long[] at = {0};
      Stream<SourceText> sample =
          source
              .filter(text -> at[0]++ % step == 0)
              .limit(MOST)
              .map(t -> new SourceText(t.id(), t.text(), "", t.source(), t.licence()));
      SynthesisReport report =
          description.expert().isPresent()
              ? run.run(sample, pair -> {}, progress)
              : run.candidates(sample, candidate -> {}, progress);
      return SynthesisEstimate.scaled(report, texts);
    }
  }

  private static Principles oneCategory(Principles principles) {
    String longest =
        principles.byCategory().values().stream()
            .max(Comparator.comparingInt(String::length))
            .orElse("");
    return new Principles(principles.general(), Map.of("any", longest), Set.of());
  }
}
