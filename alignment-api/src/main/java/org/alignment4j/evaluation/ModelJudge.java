package org.alignment4j.evaluation;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.WinRate.PairwiseJudge;
import org.alignment4j.internal.text.PromptTemplate;
import org.alignment4j.model.ContinuationScore;
import org.alignment4j.model.LanguageModel;

/**
 * A language model that judges two answers by forced choice. The prompt shows both answers as A and
 * B; the verdict is the difference of the log-probabilities of the continuations "A" and "B".
 * Nothing is generated, so the judge always chooses.
 *
 * <p>Judges have a position bias (Wang et al. 2023, "Large Language Models are not Fair
 * Evaluators"), so judge in both orders, as {@link WinRate} does. An answer that addresses the
 * judge can influence it: there is no protection against such prompt injection. Thread-safe.
 */
public final class ModelJudge implements PairwiseJudge {
  private static final PromptTemplate DEFAULT =
      PromptTemplate.resource(ModelJudge.class, "judge-prompt.txt", "question", "a", "b");

  private final LanguageModel judge;
  private final PromptTemplate template;

  /**
   * Creates a judge with the default question: which answer is more helpful, honest and harmless.
   *
   * @param judge a model with a tokenizer; the caller closes it
   */
  public ModelJudge(LanguageModel judge) {
    this(judge, DEFAULT);
  }

  /**
   * Creates a judge with the given question.
   *
   * @param judge a model with a tokenizer; the caller closes it
   * @param text the user message, with the placeholders {@code {question}} for the conversation and
   *     {@code {a}} and {@code {b}} for the answers; it should request the letter A or B
   * @throws IllegalArgumentException if a placeholder is missing
   */
  public ModelJudge(LanguageModel judge, String text) {
    this(judge, PromptTemplate.of(text, "question", "a", "b"));
  }

  private ModelJudge(LanguageModel judge, PromptTemplate template) {
    this.judge = judge;
    this.template = template;
  }

  /** The text of the default question. */
  public static String defaultText() {
    return DEFAULT.text();
  }

  /**
   * {@inheritDoc}
   *
   * @return the log-odds in nats; empty if the texts do not fit the judge's context
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  @Override
  public OptionalDouble prefers(Prompt prompt, String first, String second) {
    Prompt question =
        Prompt.user(
            template.fill(Map.of("question", conversation(prompt), "a", first, "b", second)));
    int length = judge.tokenizer().encodeForTraining(question.withResponse("A")).ids().length;
    if (length > judge.longestSequence()) {
      return OptionalDouble.empty();
    }
    List<ContinuationScore> letters = judge.score(question, List.of("A", "B"));
    return OptionalDouble.of(letters.get(0).sum() - letters.get(1).sum());
  }

  /** A single user message as it is, otherwise each message with its role in front. */
  private static String conversation(Prompt prompt) {
    List<Message> messages = prompt.messages();
    return messages.size() == 1
        ? messages.get(0).text()
        : messages.stream()
            .map(m -> m.role().name().toLowerCase(Locale.ROOT) + ": " + m.text())
            .collect(Collectors.joining("\n\n"));
  }
}
