package org.alignment4j.examples.cli.guard;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.examples.cli.guard.GuardedAnswers.Latency;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
import picocli.CommandLine.Option;

/** Option and measurement of guards' latency, one prompt after the other. */
final class GuardTimes {
  @Option(
      names = "--latency",
      paramLabel = "N",
      defaultValue = "100",
      description = "number of prompts to time, one by one; 0 for none (default: ${DEFAULT-VALUE})")
  private int timed;

  void check() {
    require(timed >= 0, "--latency must be >= 0, was %s", timed);
  }

  /** Returns alternately harmful and safe prompts, so that a few are a fair sample. */
  List<Prompt> prompts(List<Prompt> one, List<Prompt> other) {
    List<Prompt> all = new ArrayList<>();
    for (int i = 0; all.size() < timed && i < Math.max(one.size(), other.size()); i++) {
      if (i < one.size()) {
        all.add(one.get(i));
      }
      if (i < other.size()) {
        all.add(other.get(i));
      }
    }
    return all.subList(0, Math.min(timed, all.size()));
  }

  /**
   * Returns the model's own latency: of its first token, and for a screen of the pass up to its
   * layer.
   */
  static String ofModel(
      LanguageModel m, List<GuardedAnswers> all, List<Prompt> prompts, Map<String, Object> json) {
    Latency token = Latency.of(prompts, p -> m.generate(List.of(p), Generation.greedy(1)));
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%nThe model's first token: p50 %.1f ms, p95 %.1f ms.",
                token.p50(),
                token.p95()));
    json.put("first_token_ms", GuardTable.map(token));
    for (GuardedAnswers screen : all) {
      if (screen.layer().isEmpty()) {
        continue;
      }
      int layer = screen.layer().get();
      Capture last = new Capture(List.of(new Layer(layer)), TokenPositions.lastPrompt());
      List<Latency> pair =
          Latency.ofEach(
              prompts,
              List.of(
                  p -> {
                    int[] ids = m.tokenizer().encode(p);
                    m.captureIds(List.of(new Encoded(ids, ids.length)), last);
                  },
                  p -> screen.guard().check(p)));
      json.put("pass_to_layer_ms", GuardTable.map(pair.get(0)));
      json.put("screen_beside_it_ms", GuardTable.map(pair.get(1)));
      text.append(
          String.format(
              Locale.ROOT,
              " Alternating with the screen's check, p50 %.1f ms, p95 %.1f ms, a bare pass up"
                  + " to its"
                  + " layer %d: p50 %.1f ms, p95 %.1f ms.",
              pair.get(1).p50(),
              pair.get(1).p95(),
              layer,
              pair.get(0).p50(),
              pair.get(0).p95()));
    }
    return text.append('\n').toString();
  }
}
