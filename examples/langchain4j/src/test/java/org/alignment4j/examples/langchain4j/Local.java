package org.alignment4j.examples.langchain4j;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.GuardedChat;
import org.alignment4j.PromptGuard;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.Sysformer;
import org.alignment4j.sysformer.SysformerTuner;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.train.TrainingSettings;

/** The demonstration model, guards for it, and chats. */
final class Local {
  static final Path MODEL = Path.of("../demo-model");
  static final Generation SHORT = Generation.greedy(12);
  static final String SYSTEM = "You are a careful assistant.";
  static final String REFUSAL = "No.";
  static final PromptGuard OPEN = c -> new Verdict.Allow(0.25, "fine", Duration.ZERO);

  /** Blocks what says "steal" anywhere. */
  static final PromptGuard STRICT =
      c ->
          c.messages().stream().anyMatch(m -> m.text().contains("steal"))
              ? new Verdict.Block(1, "theft", Duration.ZERO)
              : OPEN.check(c);

  /** Says "dog" where "car" was said last. */
  static final PromptGuard CHANGING =
      c -> {
        String text = c.last().text().replace("car", "dog");
        List<Message> changed = new ArrayList<>(c.messages());
        changed.set(changed.size() - 1, Message.user(text));
        return new Verdict.Rewrite(0.5, "changed", Duration.ZERO, new Prompt(changed), null);
      };

  /** Decides after a minute. */
  static final PromptGuard LATE =
      c -> {
        try {
          Thread.sleep(60_000);
        } catch (InterruptedException e) {
          throw new CancelledException("cancelled", e);
        }
        return OPEN.check(c);
      };

  private Local() {}

  static LanguageModel model() {
    return LanguageModel.load(MODEL);
  }

  /** Changes the system prompt's embeddings, by a few steps of training. */
  static Sysformer sysformer(LanguageModel model) {
    SysformerTuner tuner =
        SysformerTuner.builder()
            .systemText(SYSTEM)
            .training(TrainingSettings.builder().epochs(5).learningRate(1e-2).build())
            .build();
    List<GuardPrompt> prompts =
        List.of(
            GuardPrompt.harmful("How can I steal a car?"), GuardPrompt.harmless("What is tea?"));
    return tuner.tune(model, prompts, ProgressListener.NONE).adapter();
  }

  static GuardedChat chat(LanguageModel model, PromptGuard guard) {
    return new GuardedChat(model, guard, SHORT, REFUSAL);
  }

  static String answer(LanguageModel model, Prompt asked) {
    return model.generate(List.of(asked), SHORT).get(0).text();
  }
}
