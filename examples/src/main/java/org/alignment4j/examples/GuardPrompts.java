package org.alignment4j.examples;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.Tuning;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.Format;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.Sysformer;
import org.alignment4j.sysformer.SysformerGuard;
import org.alignment4j.sysformer.SysformerTuner;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;

/** The program of docs/sysformer.md: train a guard, save it, check a prompt, generate under it. */
public final class GuardPrompts {
  private GuardPrompts() {}

  /**
   * Runs it.
   *
   * @param args a checkpoint folder; files of harmful and of harmless prompts, one a line; a folder
   *     to write the guard to; a question
   */
  public static void main(String[] args) {
    if (args.length != 5) {
      System.err.println("usage: GuardPrompts CHECKPOINT HARMFUL HARMLESS GUARD QUESTION");
      System.exit(2);
    }
    List<String> harmful = lines(args[1]);
    List<String> harmless = lines(args[2]);
    run(Path.of(args[0]), harmful, harmless, Path.of(args[3]), args[4]);
  }

  private static List<String> lines(String file) {
    return Prompts.texts(Prompts.read(Path.of(file), Format.TEXT));
  }

  static void run(
      Path checkpoint, List<String> harmful, List<String> harmless, Path folder, String question) {
    ProgressListener progress = ProgressListener.NONE;
    // docs: begin
    List<GuardPrompt> prompts = new ArrayList<>();
    harmful.forEach(text -> prompts.add(GuardPrompt.harmful(text)));
    harmless.forEach(text -> prompts.add(GuardPrompt.harmless(text)));
    SysformerTuner tuner = SysformerTuner.builder().build();
    try (LanguageModel model = LanguageModel.load(checkpoint)) { // stays as it is
      Tuning<Sysformer> tuning = tuner.tune(model, prompts, progress);
      tuning.adapter().save(folder);
      try (SysformerGuard guard = SysformerGuard.load(model, folder)) {
        Prompt asked = Prompt.user(question);
        Verdict verdict = guard.check(asked); // thread-safe
        System.out.println(verdict.reason() + ", " + verdict.elapsed().toMillis() + " ms");
        Completion answer = guard.generate(List.of(asked), Generation.greedy(64)).get(0);
        System.out.println(answer.text());
      }
    }
    // docs: end
  }
}
