package org.alignment4j.examples.cli.evaluate;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.analysis.PairedProportions;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.evaluation.PreferenceEvaluator;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.evaluation.WinRate;
import org.alignment4j.evaluation.WinRate.PairwiseJudge;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.AnswerTokens;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.JudgeOptions;
import org.alignment4j.examples.cli.option.PairsInput;
import org.alignment4j.examples.cli.output.PairedText;
import org.alignment4j.examples.cli.output.PairsText;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Evaluates held-out pair accuracy, divergence and the diversity of responses. */
@Command(
    name = "preferences",
    description = {
      "Measures how often the model gives the chosen response the higher likelihood, how far"
          + " the adapter has moved it, and how long and how repetitive its greedy responses are.",
      "Leave out training pairs with --skip."
    })
public final class EvaluatePreferences extends AlignCommand {
  /** Measurement options that compare has too. */
  public static final class Measuring {
    private static final long BOOTSTRAP_SEED = 1;

    @Option(
        names = "--answers",
        paramLabel = "N",
        defaultValue = "32",
        description =
            "number of distinct prompts to respond to, 0 for none (default: ${DEFAULT-VALUE})")
    private int answers;

    @Mixin private AnswerTokens tokens = new AnswerTokens();

    public static Bootstrap bootstrap() {
      return Bootstrap.withSeed(BOOTSTRAP_SEED);
    }

    /** Returns an evaluator that scores pairs only. */
    PreferenceEvaluator scorer() {
      return new PreferenceEvaluator(Generation.greedy(tokens.max()), 0, bootstrap());
    }

    /** Whether responses are generated. */
    public boolean answers() {
      return answers > 0;
    }

    public PreferenceEvaluator evaluator() {
      return new PreferenceEvaluator(Generation.greedy(tokens.max()), answers, bootstrap());
    }

    public WinRate judged(
        PairwiseJudge judge,
        LanguageModel tuned,
        LanguageModel start,
        List<PreferencePair> pairs,
        ProgressListener progress) {
      List<Prompt> prompts =
          pairs.stream().map(PreferencePair::prompt).distinct().limit(answers).toList();
      return WinRate.between(
          judge, tuned, start, prompts, Generation.greedy(tokens.max()), bootstrap(), progress);
    }

    public Map<String, Object> toMap() {
      return ImmutableMap.of("answers", answers, "max_tokens", tokens.max());
    }
  }

  @Mixin private PairsInput input = new PairsInput();
  @Mixin private Measuring measuring = new Measuring();

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description = "folder of an adapter; without one the model itself is measured")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private @Nullable Path adapter;

  @Option(names = "--skip", paramLabel = "N", description = "leave out the file's first N pairs")
  private int skip;

  @Option(
      names = "--first",
      paramLabel = "N",
      description = "measure on the first N pairs after those left out (default: all)")
  private int first;

  @Mixin private JudgeOptions judging = new JudgeOptions();

  /**
   * Results of the evaluation.
   *
   * @param start scores of the same pairs without it; null if there is none
   * @param winRate null without a judge
   */
  private record Found(
      PreferenceReport report, @Nullable PreferenceReport start, @Nullable WinRate winRate) {}

  @Override
  public Outcome run(ProgressListener progress) {
    PreferenceEvaluator evaluator = measuring.evaluator();
    judging.question(); // checks it before anything runs
    require(
        !judging.any() || adapter != null,
        "--judge compares an adapter's responses with the start model's and needs --adapter");
    require(!judging.any() || measuring.answers(), "--judge needs --answers of at least 1");
    Contents set = input.read();
    List<PreferencePair> pairs = input.some(set, skip, first);
    Adapter applied = adapter == null ? null : Adapter.load(adapter);
    Found found =
        input.use(
            start -> {
              if (applied == null) {
                return new Found(evaluator.evaluate(start, start, pairs, progress), null, null);
              }
              try (LanguageModel tuned = start.with(applied)) {
                return judging.use(
                    input::open,
                    judge ->
                        new Found(
                            evaluator.evaluate(tuned, start, pairs, progress),
                            measuring.scorer().evaluate(start, start, pairs, progress),
                            judge == null
                                ? null
                                : measuring.judged(judge.judge(), tuned, start, pairs, progress)));
              }
            });
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", input.model());
    json.put("adapter", adapter == null ? "none" : adapter.toString());
    json.put("input", PairsText.json(input.pairs(), set));
    json.put("skip", skip);
    json.put("taken", pairs.size());
    json.put("measuring", measuring.toMap());
    json.put("report", found.report.toMap());
    String text = PairsText.of(set) + "\n" + text(found.report);
    if (found.start != null) {
      PairedProportions paired = PreferenceReport.changes(found.start, found.report);
      Interval accuracy = PreferenceReport.compare(found.report, found.start);
      Interval margin = PreferenceReport.compareMargins(found.report, found.start);
      Map<String, Object> against = new LinkedHashMap<>();
      against.put("start_accuracy", map(found.start.accuracy()));
      against.put("accuracy", map(accuracy));
      against.put("margin", map(margin));
      against.put("paired", paired.toMap());
      json.put("against_start", against);
      text +=
          "\nagainst the start model on the same pairs, whose accuracy is "
              + of(found.start.accuracy())
              + "\naccuracy, difference                 "
              + of(accuracy)
              + "\nmargin, difference, nats per token   "
              + of(margin)
              + "\npairs ranked correctly: "
              + PairedText.of(paired);
    }
    if (found.winRate != null) {
      Map<String, Object> judged = new LinkedHashMap<>(judging.toMap());
      judged.putAll(found.winRate.toMap());
      json.put("win_rate", judged);
      text += "\n" + text(found.winRate);
    }
    return Outcome.passed(json, text);
  }

  private static String text(WinRate w) {
    return String.join(
        "\n",
        String.format(
            Locale.ROOT,
            "judged against the start model       %d won, %d tied, %d lost, %d without verdict",
            w.wins().k(),
            w.ties().k(),
            w.losses().k(),
            w.unjudged().size()),
        "win rate, ties half                  " + of(w.winRate()),
        "log-odds for the adapter, nats       " + of(w.logOdds()),
        String.format(
            Locale.ROOT,
            "judge prefers the first response     %d of %d",
            w.firstPreferred().k(),
            w.firstPreferred().n()));
  }

  private static String text(PreferenceReport r) {
    return String.join(
        "\n",
        String.format(
                Locale.ROOT,
                "measured on %d pairs and %d responses; intervals are 95 %%",
                r.pairs().size(),
                r.answers().size())
            + PairsText.listed(
                "not measured",
                r.omitted().stream()
                    .map(
                        o ->
                            "id "
                                + o.id()
                                + ": "
                                + o.reason().name().toLowerCase(Locale.ROOT).replace('_', ' '))
                    .toList()),
        "pair accuracy, mean log-probability  " + of(r.accuracy()),
        "pair accuracy, its sum               " + of(r.accuracyBySum()),
        "margin, nats per token               " + of(r.margin()),
        "KL to the start, nats per token      " + of(r.divergence()),
        "response length, tokens              " + of(r.length()),
        String.format(
            Locale.ROOT,
            "responses cut off                    %d of %d",
            r.atLimit().k(),
            r.atLimit().n()),
        "repetition of 4-grams                " + of(r.repetition()),
        "distinct-1                           " + of(r.distinct1()),
        "distinct-2                           " + of(r.distinct2()));
  }

  private static Map<String, Object> map(Interval i) {
    return ImmutableMap.of("mean", i.estimate(), "lo", i.lo(), "hi", i.hi());
  }

  private static String of(Interval i) {
    return Double.isNaN(i.estimate())
        ? "-"
        : String.format(Locale.ROOT, "%.4f (%.4f to %.4f)", i.estimate(), i.lo(), i.hi());
  }
}
