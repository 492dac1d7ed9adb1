package org.alignment4j.sysformer;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.jspecify.annotations.Nullable;

/** Target responses that a guard is trained towards. */
final class Targets {
  private static final RefusalJudge JUDGE = new StringRefusalJudge();

  private Targets() {}

  /**
   * Target response of a prompt.
   *
   * @param text the response; null if there is none
   * @param why the reason if there is none
   */
  record Target(@Nullable String text, String why) {}

  /** Returns a target for each prompt, in order. */
  static List<Target> of(
      LanguageModel model,
      RequestEncoder encoder,
      List<GuardPrompt> prompts,
      SysformerSettings settings) {
    List<Target> targets = new ArrayList<>();
    List<Integer> own = new ArrayList<>();
    int maxLength = model.longestSequence() - settings.replyTokens();
    for (int i = 0; i < prompts.size(); i++) {
      GuardPrompt p = prompts.get(i);
      String fixed = p.harmful() ? settings.refusal() : settings.affirmation();
      targets.add(new Target(fixed, "the model refuses it by itself"));
      if (fixed == null) {
        int length = encoder.opened(p.prompt(), opening(settings)).length;
        if (length <= maxLength) {
          own.add(i);
        } else {
          targets.set(
              i, new Target(null, length + " tokens leave no room for the model's own response"));
        }
      }
    }
    answer(model, encoder, prompts, own, "", settings.replyTokens(), targets);
    if (settings.opening() != null) {
      List<Integer> refused = own.stream().filter(i -> targets.get(i).text() == null).toList();
      answer(model, encoder, prompts, refused, opening(settings), settings.replyTokens(), targets);
    }
    return targets;
  }

  private static String opening(SysformerSettings settings) {
    return settings.opening() == null ? "" : settings.opening();
  }

  /**
   * Sets the targets to the model's greedy responses, prefilled with {@code opening}; responses
   * that refuse stay null.
   */
  private static void answer(
      LanguageModel model,
      RequestEncoder encoder,
      List<GuardPrompt> prompts,
      List<Integer> indices,
      String opening,
      int tokens,
      List<Target> targets) {
    if (indices.isEmpty()) {
      return;
    }
    List<int[]> ids = new ArrayList<>();
    for (int i : indices) {
      Prompt prompt = prompts.get(i).prompt();
      ids.add(encoder.opened(prompt, opening));
    }
    List<Completion> answers = model.generateIds(ids, Generation.greedy(tokens));
    for (int k = 0; k < answers.size(); k++) {
      int i = indices.get(k);
      String answer = opening + answers.get(k).text();
      if (!JUDGE.judge(prompts.get(i).prompt().last().text(), answer).isRefusal()) {
        targets.set(i, new Target(answer, ""));
      }
    }
  }
}
