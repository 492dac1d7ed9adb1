package org.alignment4j.examples.cli.guard;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.analysis.Roc;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.TextHealth;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.guard.GuardedAnswers.Latency;
import org.alignment4j.examples.cli.option.AnswerTokens;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.output.TextOutput;
import org.alignment4j.internal.text.RougeL;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.AttackEvaluator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Compares refusals, harm scores and latency of guards. */
@Command(
    name = "evaluate",
    description = {
      "Measures how often a model refuses harmful and safe prompts under its plain system"
          + " prompt and behind guards: RR harmful, RR safe and their difference delta-RR, on"
          + " unchanged prompts and under attacks, and the latency of guards.",
      "Guards of the same NAME count as seeds of one method."
    })
final class GuardEvaluate extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private MeasuredPrompts prompts = new MeasuredPrompts();
  @Mixin private MeasuredGuards guards = new MeasuredGuards();
  @Mixin private MeasuredAttacks attacks = new MeasuredAttacks();
  @Mixin private AnswerTokens tokens = new AnswerTokens();
  @Mixin private GuardTimes times = new GuardTimes();

  @Option(
      names = "--figure",
      paramLabel = "FILE",
      description = "figure of refusals by attack family, SVG")
  @CheckedPath(CheckedPath.Kind.NEW_FILE)
  private @Nullable Path figure;

  @Override
  public Outcome run(ProgressListener progress) {
    guards.check();
    times.check();
    List<AttackEvaluator.Prompts> read = prompts.read();
    return model.use(m -> measure(m, read, progress));
  }

  private Outcome measure(
      LanguageModel m, List<AttackEvaluator.Prompts> read, ProgressListener progress) {
    Map<String, Object> left = new LinkedHashMap<>();
    List<AttackEvaluator.Prompts> sets =
        MeasuredPrompts.fitting(read, m, guards.system(), tokens.max(), attacks, left);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("left_out_as_too_long", left);
    try (OpenGuards open = guards.open(m, tokens.max())) {
      List<Prompt> timed =
          times.prompts(MeasuredPrompts.of(sets, true), MeasuredPrompts.of(sets, false));
      List<GuardTable.Row> rows = rows(open.all(), sets, timed, progress);
      json.put("guards", rows.stream().map(GuardTable.Row::toMap).toList());
      String ofModel = timed.isEmpty() ? "" : GuardTimes.ofModel(m, open.all(), timed, json);
      GuardTable table = new GuardTable(rows, attacks.attacks(), attacks.trained());
      if (figure != null) {
        TextOutput.write(figure, new GuardPicture(table).svg());
      }
      json.put("compared", table.pairMaps());
      json.put("warnings", table.warnings());
      StringBuilder text = new StringBuilder(table.markdown()).append(ofModel);
      table.warnings().forEach(w -> text.append("\nWARNING: ").append(w));
      open.screenReport()
          .ifPresent(
              report -> {
                json.put("screen_probe", report.toMap());
                report.warnings().forEach(w -> text.append("\nWARNING: screen: ").append(w));
              });
      return Outcome.passed(json, text.toString());
    }
  }

  private List<GuardTable.Row> rows(
      List<GuardedAnswers> guards,
      List<AttackEvaluator.Prompts> sets,
      List<Prompt> timed,
      ProgressListener progress) {
    List<Prompt> harmful = MeasuredPrompts.of(sets, true);
    List<Prompt> safe = MeasuredPrompts.of(sets, false);
    List<String> unguarded = guards.get(0).answers(safe);
    AttackEvaluator evaluator = attacks.evaluator();
    List<GuardTable.Row> rows = new ArrayList<>();
    for (GuardedAnswers one : guards) {
      AttackEvaluator.Report report =
          evaluator.evaluate(one::answers, sets, attacks.attacks(), progress);
      Function<List<Prompt>, double[]> harmScores = one.harmScores();
      Roc roc = null;
      Auroc auroc = null;
      if (harmScores != null) {
        double[] high = harmScores.apply(harmful);
        double[] low = harmScores.apply(safe);
        roc = Roc.of(high, low);
        auroc = Auroc.of(high, low);
      }
      Latency latency = timed.isEmpty() ? null : one.latency(timed);
      List<String> answers = one.answers(safe);
      rows.add(
          new GuardTable.Row(
              one.name(),
              one.source(),
              report,
              rouge(answers, unguarded),
              roc,
              auroc,
              latency,
              TextHealth.of(answers)));
    }
    return rows;
  }

  private static double rouge(List<String> answers, List<String> unguarded) {
    return IntStream.range(0, answers.size())
        .mapToDouble(
            i ->
                answers.get(i).equals(unguarded.get(i)) // also two empty responses
                    ? 1
                    : RougeL.of(answers.get(i), unguarded.get(i)).f1())
        .average()
        .orElse(Double.NaN);
  }
}
