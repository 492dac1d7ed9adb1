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

/** What prompts are to be answered with. */
final class Targets {
  private static final RefusalJudge JUDGE = new StringRefusalJudge();

  private Targets() {}

  /**
   * What one prompt is to be answered with.
   *
   * @param text null for nothing
   * @param why there is nothing
   */
  record Target(@Nullable String text, String why) {}

  /** A target for each prompt. */
  static List<Target> of(
      LanguageModel model,
      Requests requests,
      List<GuardPrompt> prompts,
      SysformerSettings settings) {
    List<Target> targets = new ArrayList<>();
    List<Integer> own = new ArrayList<>();
    int longest = model.longestSequence() - settings.replyTokens();
    for (int i = 0; i < prompts.size(); i++) {
      GuardPrompt p = prompts.get(i);
      String fixed = p.harmful() ? settings.refusal() : settings.affirmation();
      targets.add(new Target(fixed, "the model refuses it by itself"));
      if (fixed == null) {
        int length = requests.opened(p.prompt(), opening(settings)).length;
        if (length <= longest) {
          own.add(i);
        } else {
          targets.set(
              i, new Target(null, length + " tokens leave no room for an answer of its own"));
        }
      }
    }
    answer(model, requests, prompts, own, "", settings.replyTokens(), targets);
    if (settings.opening() != null) {
      List<Integer> refused = own.stream().filter(i -> targets.get(i).text() == null).toList();
      answer(model, requests, prompts, refused, opening(settings), settings.replyTokens(), targets);
    }
    return targets;
  }

  private static String opening(SysformerSettings settings) {
    return settings.opening() == null ? "" : settings.opening();
  }

  /** The model's greedy answers, begun as given; those that refuse stay null. */
  private static void answer(
      LanguageModel model,
      Requests requests,
      List<GuardPrompt> prompts,
      List<Integer> asked,
      String opening,
      int tokens,
      List<Target> targets) {
    if (asked.isEmpty()) {
      return;
    }
    List<int[]> ids = new ArrayList<>();
    for (int i : asked) {
      Prompt prompt = prompts.get(i).prompt();
      ids.add(requests.opened(prompt, opening));
    }
    List<Completion> answers = model.generateIds(ids, Generation.greedy(tokens));
    for (int k = 0; k < answers.size(); k++) {
      int i = asked.get(k);
      String answer = opening + answers.get(k).text();
      if (!JUDGE.judge(prompts.get(i).prompt().last().text(), answer).isRefusal()) {
        targets.set(i, new Target(answer, ""));
      }
    }
  }
}
