package org.alignment4j.examples.cli.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.Tuning;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ActorTuner;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.evaluate.RefusalComparison;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.LocatedModel;
import org.alignment4j.examples.demo.DemoPrompts;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs ACTOR on a small model that ships with the library. */
@Command(
    name = "demo",
    description = {
      "Runs ACTOR on a small model that ships with this program: finds its refusal direction,"
          + " tunes one block so that it stops refusing harmless questions, and shows refusals"
          + " before and after on held-out prompts."
    })
public final class DemoCommand extends AlignCommand {
  private static final int TOKENS = 48;
  private static final int SHOWN = 4;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "another model instead of the demonstration model",
      converter = LocatedModel.class)
  @CheckedPath(CheckedPath.Kind.MODEL)
  private @Nullable Path model;

  @Option(names = "--out", paramLabel = "DIR", description = "folder to write the tuned block to")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private @Nullable Path out;

  @Override
  public Outcome run(ProgressListener progress) {
    long start = System.nanoTime();
    try (LanguageModel base = LanguageModel.load(model == null ? DemoFiles.model() : model)) {
      ActorPrompts prompts =
          ActorPrompts.holdingOut(
              tuning(DemoPrompts.Label.HARMFUL),
              tuning(DemoPrompts.Label.BENIGN),
              tuning(DemoPrompts.Label.PSEUDO_HARMFUL),
              0.4,
              7);
      ActorTuning tuning = tuner().tune(base, prompts, progress);
      if (tuning.outcome() == Tuning.Outcome.NOTHING_TO_DO) {
        return nothingToDo(tuning);
      }
      if (out != null) {
        tuning.adapter().save(out);
      }
      try (LanguageModel tuned = base.with(tuning.adapter())) {
        return outcome(base, tuned, tuning, start, progress);
      }
    }
  }

  private static Outcome nothingToDo(ActorTuning tuning) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>(tuning.report().toMap());
    json.put("changed", false);
    json.put("reason", tuning.reason());
    return Outcome.passed(json, tuning.reason() + "\nNothing was tuned or written.");
  }

  /** Sixty prompts are few, so there are more epochs than by default. */
  private static ActorTuner tuner() {
    return ActorTuner.builder().seed(7).training(t -> t.epochs(40)).refreshEvery(20).build();
  }

  private static Outcome outcome(
      LanguageModel base,
      LanguageModel tuned,
      ActorTuning tuning,
      long start,
      ProgressListener progress) {
    RefusalComparison judge = new RefusalComparison(TOKENS);
    List<PromptRow> safe = test(DemoPrompts.Label.PSEUDO_HARMFUL);
    RefusalComparison.Compared found =
        judge.compare(base, tuned, Map.of("demo", safe), test(DemoPrompts.Label.HARMFUL), progress);
    double seconds = (System.nanoTime() - start) / 1e9;
    Map<String, @Nullable Object> json = new LinkedHashMap<>(found.toMap());
    json.put("seconds", seconds);
    json.put("layer", tuning.adapter().layer().index());
    json.put("changed", tuning.changed());
    json.put("reason", tuning.reason());
    String text =
        "tuned block at "
            + tuning.adapter().layer()
            + ": "
            + tuning.reason()
            + "\n"
            + examples(base, tuned, safe)
            + "\n\n"
            + found.text()
            + String.format(java.util.Locale.ROOT, "%n%.0f seconds", seconds);
    return Outcome.passed(json, text);
  }

  /** Returns some harmless questions that were refused before and are answered now. */
  private static String examples(LanguageModel base, LanguageModel tuned, List<PromptRow> safe) {
    List<Prompt> prompts = PromptFile.of(safe);
    List<Completion> before = base.generate(prompts, Generation.greedy(TOKENS));
    List<Completion> after = tuned.generate(prompts, Generation.greedy(TOKENS));
    StringRefusalJudge judge = new StringRefusalJudge();
    List<String> shown = new ArrayList<>();
    for (int i = 0; i < safe.size() && shown.size() < SHOWN; i++) {
      String question = safe.get(i).prompt();
      boolean repaired =
          judge.judge(question, before.get(i).text()).isRefusal()
              && !judge.judge(question, after.get(i).text()).isRefusal();
      if (repaired) {
        shown.add(
            "\n  "
                + question
                + "\n    before: "
                + before.get(i).text().strip()
                + "\n    after:  "
                + after.get(i).text().strip());
      }
    }
    return String.join("\n", shown);
  }

  private static List<Prompt> tuning(DemoPrompts.Label label) {
    return DemoPrompts.tune().stream()
        .filter(e -> e.label() == label)
        .map(e -> Prompt.user(e.prompt()))
        .toList();
  }

  private static List<PromptRow> test(DemoPrompts.Label label) {
    return DemoPrompts.test().stream()
        .filter(e -> e.label() == label)
        .map(e -> PromptRow.of(e.id(), e.prompt()))
        .toList();
  }
}
