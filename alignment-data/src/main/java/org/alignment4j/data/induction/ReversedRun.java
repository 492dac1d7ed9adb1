package org.alignment4j.data.induction;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.data.induction.ReversedInstructionTuner.ReversedTuning;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.tune.SupervisedObjective;

/** One reversed instruction tuning. */
final class ReversedRun {
  private static final String TASK = "learn instructions";

  /** Rows between two reports of progress. */
  private static final int ROWS = 64;

  private final LanguageModel model;
  private final ReversedSettings settings;
  private final InstructionSplit data;
  private final ProgressListener progress;

  ReversedRun(
      LanguageModel model,
      ReversedSettings settings,
      InstructionSplit data,
      ProgressListener progress) {
    this.model = model;
    this.settings = settings;
    this.data = data;
    this.progress = progress;
  }

  ReversedTuning run() {
    ReversedEncoder encoder =
        new ReversedEncoder(
            model, settings.template(), settings.chatTemplate(), settings.maxTokens());
    ReversedRows rows = ReversedRows.of(encoder, data.training());
    if (rows.encoded().isEmpty()) {
      throw new BadDataException(
          "none of "
              + data.training().size()
              + " rows can be learned from: "
              + rows.counts().dropped());
    }
    ReversedRows heldOut = ReversedRows.of(encoder, data.heldOut());
    Map<String, String> inputs = new LinkedHashMap<>();
    inputs.put("model", model.hash());
    inputs.put("rows", hash(data.training()));
    LoraAdapter start =
        TrainableLora.initial(
            model,
            settings.lora(),
            settings.layers(model.config().blocks()),
            settings.training().seed());
    try (TrainableLora lora = new TrainableLora(model, start, settings.lora().dropout())) {
      TrainingResult result =
          TrainingLoop.<Encoded>builder(settings.training())
              .task(TASK)
              .fingerprint(inputs + " " + settings.toMap())
              .length(row -> row.ids().length)
              .build()
              .run(rows.encoded(), new SupervisedObjective(lora), progress);
      Optional<ReversedTuning.HeldOut> measured =
          heldOut.encoded().size() < 2
              ? Optional.empty()
              : Optional.of(measure(encoder, heldOut, lora));
      inputs.put("held_out", hash(data.heldOut()));
      LoraAdapter adapter =
          lora.snapshot(
              new Provenance(
                  ReversedInstructionTuner.METHOD,
                  settings.toMap(),
                  settings.training().seed(),
                  inputs,
                  metrics(rows.counts(), measured, result)));
      return new ReversedTuning(
          adapter,
          "supervised fine-tuning on %d of %d rows, %d steps"
              .formatted(rows.counts().used(), rows.counts().rows(), result.steps()),
          rows.unused(),
          rows.counts(),
          measured,
          result);
    }
  }

  private static String hash(List<InstructionSplit.Row> rows) {
    List<String> texts = new ArrayList<>();
    for (InstructionSplit.Row row : rows) {
      texts.add(row.instruction());
      texts.add(row.response());
    }
    return Hashes.sha256(texts);
  }

  private ReversedTuning.HeldOut measure(
      ReversedEncoder encoder, ReversedRows rows, TrainableLora lora) {
    int n = rows.sources().size();
    // Given another row's response, the likelihood that remains does not come from the response.
    List<Encoded> swapped =
        IntStream.range(0, n)
            .mapToObj(
                i ->
                    encoder.mismatched(
                        rows.sources().get((i + 1) % n).response(),
                        rows.sources().get(i).instruction()))
            .toList();
    double[] before = perToken(model, rows.encoded(), 0);
    double[] swappedBefore = perToken(model, swapped, 1);
    try (LanguageModel view = lora.view()) {
      double[] after = perToken(view, rows.encoded(), 2);
      double[] swappedAfter = perToken(view, swapped, 3);
      Bootstrap bootstrap = Bootstrap.withSeed(settings.training().seed());
      return new ReversedTuning.HeldOut(
          rows.counts(),
          bootstrap.mean(before).estimate(),
          bootstrap.mean(after).estimate(),
          bootstrap.pairedDifference(after, before),
          bootstrap.pairedDifference(after, swappedAfter),
          bootstrap.pairedDifference(before, swappedBefore));
    }
  }

  /**
   * Returns the mean log-probability of each row's instruction, in nats per token.
   *
   * @param pass index of the pass over the rows, 0 to 3
   */
  private double[] perToken(LanguageModel judged, List<Encoded> rows, int pass) {
    double[] means = new double[rows.size()];
    for (int from = 0; from < means.length; from += ROWS) {
      List<Encoded> some = rows.subList(from, Math.min(means.length, from + ROWS));
      double[] sums = judged.logProbabilities(some);
      for (int i = 0; i < sums.length; i++) {
        means[from + i] = sums[i] / some.get(i).predictedLength();
      }
      progress.step(
          TASK + ": measure", (long) pass * means.length + from + some.size(), 4L * means.length);
    }
    return means;
  }

  private static Map<String, Object> metrics(
      ReversedTuning.Counts counts,
      Optional<ReversedTuning.HeldOut> measured,
      TrainingResult result) {
    Map<String, Object> metrics = new LinkedHashMap<>();
    metrics.put("loss", result.finalLoss());
    metrics.put("steps", result.steps());
    metrics.put("rows", counts.rows());
    metrics.put("used_rows", counts.used());
    counts
        .dropped()
        .forEach(
            (reason, n) -> metrics.put("dropped_" + reason.name().toLowerCase(Locale.ROOT), n));
    metrics.put("cut_responses", counts.cut());
    metrics.put("fewest_target_tokens", counts.fewestTargetTokens());
    measured.ifPresent(
        m -> {
          metrics.put("held_out_rows", m.counts().used());
          metrics.put("held_out_before", m.before());
          metrics.put("held_out_after", m.after());
          metrics.put("held_out_change", List.of(m.change().lo(), m.change().hi()));
          metrics.put(
              "held_out_from_response", List.of(m.fromResponse().lo(), m.fromResponse().hi()));
        });
    return metrics;
  }
}
