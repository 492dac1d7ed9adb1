package org.alignment4j.examples.cli.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ActorSettings;
import org.alignment4j.actor.ActorTuner;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.Format;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.data.Prompts.Split;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.evaluate.RefusalComparison;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.AnswerTokens;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Evaluates ACTOR's forms, layers and controls over several seeds on public prompt sets, see
 * docs/actor.md.
 */
@Command(
    name = "study",
    description = {
      "Tunes a model with ACTOR under several settings and seeds, measures each on public"
          + " prompt sets"
          + " and prints a table. DATA holds xstest/, advbench/, jailbreakbench/, strongreject/ and"
          + " ultrafeedback prompts are given by --benign."
    })
public final class StudyCommand extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(names = "--data", required = true, paramLabel = "DIR", description = "prompt sets")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private Path data = Path.of("");

  @Option(names = "--benign", required = true, paramLabel = "FILE", description = "benign prompts")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path benign = Path.of("");

  @Mixin private SeedsOption seeds = new SeedsOption();

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description = "rows to run: base, centred, published, uniform, curve, layers (default: all)")
  private @Nullable List<String> only;

  @Option(
      names = "--harmful-prompts",
      defaultValue = "200",
      paramLabel = "N",
      description = "number of harmful tuning prompts, sampled by seed (default: ${DEFAULT-VALUE})")
  private int harmfulPrompts;

  @Mixin private AnswerTokens tokens = new AnswerTokens();

  /** One line of the table. */
  private record Row(
      String setting, long seed, int layer, boolean changed, Map<String, Rate> rates) {}

  private record Sets(
      List<Prompt> harmful,
      List<Prompt> benign,
      List<Prompt> pseudo,
      Map<String, List<PromptRow>> tests) {}

  private interface Setting {
    ActorSettings.Builder<ActorTuner> apply(ActorSettings.Builder<ActorTuner> builder);
  }

  @Override
  public Outcome run(ProgressListener progress) {
    Sets sets = sets();
    List<Row> rows = new ArrayList<>();
    model.use(
        m -> {
          if (wanted("base")) {
            rows.add(new Row("base", 0, 0, false, rates(m, sets)));
          }
          settings(m)
              .forEach(
                  (name, setting) -> {
                    for (long seed : seeds.get()) {
                      Row row = tune(m, sets, name, setting, seed);
                      System.err.println(line(row));
                      rows.add(row);
                    }
                  });
          return rows;
        });
    Map<String, Object> json = new LinkedHashMap<>();
    List<Map<String, Object>> all = new ArrayList<>();
    for (Row row : rows) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("setting", row.setting);
      one.put("seed", row.seed);
      one.put("layer", row.layer);
      one.put("changed", row.changed);
      row.rates.forEach((name, rate) -> one.put(name, rate.toMap()));
      all.add(one);
    }
    json.put("rows", all);
    return Outcome.passed(json, table(rows));
  }

  private Map<String, Setting> settings(LanguageModel m) {
    Map<String, Setting> all = new LinkedHashMap<>();
    if (wanted("centred")) {
      all.put("CENTRED", b -> b);
    }
    if (wanted("published")) {
      all.put("PUBLISHED, the paper's settings", b -> b.published());
      all.put("PUBLISHED, CENTRED's settings", b -> b.target(ActorSettings.Target.PUBLISHED));
      all.put(
          "PUBLISHED, CENTRED's settings, no gate",
          b -> b.target(ActorSettings.Target.PUBLISHED).noGate());
    }
    if (wanted("uniform")) {
      all.put("UNIFORM, no gate", b -> b.target(ActorSettings.Target.UNIFORM).noGate());
    }
    if (wanted("curve")) {
      for (double rate : new double[] {5e-6, 1e-5, 2e-5, 5e-5, 1e-4}) {
        all.put(
            "CENTRED, no gate, learning rate " + rate,
            b -> b.training(t -> t.learningRate(rate)).noGate());
      }
    }
    if (wanted("layers")) {
      for (int l = 1; l <= m.config().blocks(); l++) {
        int layer = l;
        all.put("CENTRED, layer " + l, b -> b.layer(new Layer(layer)));
      }
    }
    return all;
  }

  private boolean wanted(String name) {
    return only == null || only.contains(name);
  }

  private Row tune(LanguageModel m, Sets sets, String name, Setting setting, long seed) {
    List<Prompt> harmful = new ArrayList<>(sets.harmful);
    java.util.Collections.shuffle(harmful, new Random(seed));
    ActorPrompts prompts =
        ActorPrompts.holdingOut(
            harmful.subList(0, Math.min(harmfulPrompts, harmful.size())),
            sets.benign,
            sets.pseudo,
            0.2,
            seed);
    ActorTuning tuning =
        setting
            .apply(ActorTuner.builder().seed(seed))
            .build()
            .tune(m, prompts, ProgressListener.NONE);
    try (LanguageModel tuned = m.with(tuning.adapter())) {
      return new Row(
          name, seed, tuning.adapter().layer().index(), tuning.changed(), rates(tuned, sets));
    }
  }

  private Map<String, Rate> rates(LanguageModel m, Sets sets) {
    RefusalComparison judge = new RefusalComparison(tokens.max());
    Map<String, Rate> rates = new LinkedHashMap<>();
    sets.tests.forEach(
        (name, rows) -> {
          RefusalTally tally = judge.tally(m, rows, ProgressListener.NONE);
          rates.put(name, name.endsWith("safe") ? tally.nonCompliance() : tally.refusal());
        });
    return rates;
  }

  private Sets sets() {
    Split xstest =
        Split.xsTest(Prompts.read(data.resolve("xstest/xstest_prompts.csv"), Format.XSTEST));
    Split advbench =
        Split.advBench(Prompts.read(data.resolve("advbench/advbench.csv"), Format.ADVBENCH));
    Map<String, List<PromptRow>> tests = new LinkedHashMap<>();
    tests.put("xstest_safe", xstest.heldOut());
    tests.put("advbench", advbench.heldOut());
    tests.put("xstest_unsafe", xstest.contrast());
    tests.put("jailbreakbench", Prompts.read(data.resolve("jailbreakbench/jailbreakbench.csv")));
    tests.put("strongreject", Prompts.read(data.resolve("strongreject/strongreject.csv")));
    return new Sets(
        PromptFile.of(advbench.tuning()),
        PromptFile.read(benign),
        PromptFile.of(xstest.tuning()),
        tests);
  }

  private static String line(Row row) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT, "| %s | %s | %s |", row.setting, row.seed, row.changed ? row.layer : "-"));
    row.rates.values().forEach(r -> text.append(String.format(" %d/%d |", r.k(), r.n())));
    return text.toString();
  }

  private static Rate rate(Row row, String name) {
    return java.util.Objects.requireNonNull(row.rates.get(name));
  }

  private static String table(List<Row> rows) {
    List<String> names = new ArrayList<>(rows.get(0).rates.keySet());
    List<String> lines = new ArrayList<>();
    lines.add("| setting | seed | layer | " + String.join(" | ", names) + " |");
    lines.add("|---|---|---|" + "---|".repeat(names.size()));
    List<String> settings = rows.stream().map(Row::setting).distinct().toList();
    for (String setting : settings) {
      List<Row> own = rows.stream().filter(r -> r.setting.equals(setting)).toList();
      own.forEach(r -> lines.add(line(r)));
      if (own.size() > 1) {
        StringBuilder mean = new StringBuilder("| **" + setting + ", mean** | | |");
        for (String name : names) {
          double k =
              IntStream.range(0, own.size())
                  .mapToDouble(i -> rate(own.get(i), name).k())
                  .average()
                  .orElseThrow();
          mean.append(String.format(Locale.ROOT, " **%.1f/%d** |", k, rate(own.get(0), name).n()));
        }
        lines.add(mean.toString());
      }
    }
    return String.join("\n", lines);
  }
}
