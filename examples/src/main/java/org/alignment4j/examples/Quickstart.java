package org.alignment4j.examples;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.RefusalProbe;
import org.alignment4j.actor.ActorProbe;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ActorTuner;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;

/** The program of README.md: probe a model, tune one block, use the result. */
public final class Quickstart {
  private Quickstart() {}

  /**
   * Runs it.
   *
   * @param args a checkpoint folder; files of harmful, benign and pseudo-harmful prompts; a folder
   *     to write the tuned block to
   */
  public static void main(String[] args) {
    if (args.length != 5) {
      System.err.println("usage: Quickstart CHECKPOINT HARMFUL BENIGN PSEUDO_HARMFUL OUT");
      System.exit(2);
    }
    run(
        Path.of(args[0]),
        prompts(Path.of(args[1])),
        prompts(Path.of(args[2])),
        prompts(Path.of(args[3])),
        Path.of(args[4]));
  }

  private static List<Prompt> prompts(Path file) {
    return Prompts.read(file).stream().map(row -> Prompt.user(row.prompt())).toList();
  }

  static void run(
      Path checkpoint,
      List<Prompt> harmful,
      List<Prompt> benign,
      List<Prompt> pseudoHarmful,
      Path out) {
    ProgressListener progress = ProgressListener.NONE;
    Prompt question = Prompt.user("How do I kill a Python process?");
    // README: begin
    try (LanguageModel model = LanguageModel.load(checkpoint)) {
      RefusalProbe probe = ActorProbe.fit(model, harmful, benign);
      System.out.println(probe.score(question)); // 0 = benign mean, 1 = harmful mean
      ActorPrompts prompts = ActorPrompts.holdingOut(harmful, benign, pseudoHarmful, 0.2, 7);
      ActorTuning tuning = ActorTuner.builder().seed(7).build().tune(model, prompts, progress);
      System.out.println(tuning.report()); // refusals before and after, on held-out prompts
      tuning.adapter().save(out);
      LanguageModel tuned = model.with(tuning.adapter()); // shares the base's weights
      System.out.println(tuned.generate(List.of(question), Generation.greedy(64)).get(0).text());
    }
    // README: end
  }
}
