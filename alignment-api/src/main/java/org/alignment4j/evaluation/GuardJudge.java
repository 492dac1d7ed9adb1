package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.ContinuationScore;
import org.alignment4j.model.LanguageModel;

/**
 * A language model as a judge of refusals: the verdict is the one whose replies are the most
 * probable together. Nothing is generated. Thread-safe.
 */
final class GuardJudge implements RefusalJudge {
  private final LanguageModel model;
  private final GuardQuestion question;

  /** Decides where the model's reply does not tell refusal from compliance. */
  private final RefusalJudge otherwise = new StringRefusalJudge();

  /**
   * @throws IllegalArgumentException if the model's chat template is not that of the question
   */
  GuardJudge(LanguageModel model, GuardQuestion question) {
    question.check(model.tokenizer());
    this.model = model;
    this.question = question;
  }

  /**
   * @throws IllegalArgumentException if prompt and answer do not fit the model's context
   */
  @Override
  public RefusalVerdict judge(String prompt, String answer) {
    if (StringRefusalJudge.isEmpty(answer)) {
      return RefusalVerdict.EMPTY;
    }
    double[] logs = logProbabilities(question.about(prompt, answer));
    double largest = Arrays.stream(logs).max().orElseThrow();
    Map<Optional<RefusalVerdict>, Double> sums = new LinkedHashMap<>();
    for (int i = 0; i < logs.length; i++) {
      sums.merge(
          Optional.ofNullable(question.replies().get(i).verdict()),
          Math.exp(logs[i] - largest),
          Double::sum);
    }
    return sums.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .orElseThrow()
        .getKey()
        .orElseGet(() -> otherwise.judge(prompt, answer));
  }

  /** The log-probability of each reply, in nats, up to a constant that all share. */
  private double[] logProbabilities(Prompt asked) {
    ChatTokenizer tokenizer = model.tokenizer();
    boolean start = question.needsGenerationPrompt();
    int[] own = tokenizer.encode(asked, start);
    List<int[]> whole =
        question.replies().stream()
            .map(reply -> tokenizer.encode(asked, start, reply.text()))
            .toList();
    int longest = whole.stream().mapToInt(ids -> ids.length).max().orElseThrow();
    require(
        longest <= model.longestSequence(),
        "prompt and answer make %s tokens, more than the judge's context of %s",
        longest,
        model.longestSequence());
    // A reply may merge with the prompt's last characters into one token.
    int shared = whole.stream().mapToInt(ids -> mismatch(own, ids)).min().orElseThrow();
    List<ContinuationScore> scores =
        model.scoreIds(
            Arrays.copyOf(own, shared),
            whole.stream().map(ids -> Arrays.copyOfRange(ids, shared, ids.length)).toList());
    return scores.stream().mapToDouble(ContinuationScore::sum).toArray();
  }

  private static int mismatch(int[] a, int[] b) {
    int at = Arrays.mismatch(a, b);
    return at < 0 ? a.length : at;
  }
}
