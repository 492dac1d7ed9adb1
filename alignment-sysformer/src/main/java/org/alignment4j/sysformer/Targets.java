package org.alignment4j.sysformer;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/** What prompts are to be answered with. */
final class Targets {
  private static final RefusalJudge JUDGE = new StringRefusalJudge();

  private Targets() {}

  /** A target for each prompt; null where the model has none of its own. */
  static List<@Nullable String> of(
      LanguageModel model,
      Requests requests,
      List<GuardPrompt> prompts,
      SysformerSettings settings) {
    List<@Nullable String> targets = new ArrayList<>();
    List<Integer> own = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      boolean harmful = prompts.get(i).harmful();
      targets.add(harmful ? settings.refusal() : settings.affirmation());
      if (!harmful && settings.affirmation() == null) {
        own.add(i);
      }
    }
    answer(model, requests, prompts, own, "", settings.replyTokens(), targets);
    List<Integer> refused = own.stream().filter(i -> targets.get(i) == null).toList();
    if (settings.opening() != null) {
      answer(
          model, requests, prompts, refused, settings.opening(), settings.replyTokens(), targets);
    }
    return targets;
  }

  /** The model's greedy answers, begun as given; those that refuse stay null. */
  private static void answer(
      LanguageModel model,
      Requests requests,
      List<GuardPrompt> prompts,
      List<Integer> asked,
      String opening,
      int tokens,
      List<@Nullable String> targets) {
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
        targets.set(i, answer);
      }
    }
  }
}
