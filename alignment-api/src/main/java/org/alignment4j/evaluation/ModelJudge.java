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
 * A language model that judges two answers by a forced choice: it reads both, named A and B, and
 * how much likelier it begins its own answer with "A" than with "B" is the verdict. Nothing is
 * generated, so a judge that would rather say something else still chooses.
 *
 * <p>Judges favour a place (Wang et al. 2023, "Large Language Models are not Fair Evaluators"), so
 * ask in both orders, as {@link WinRate} does. What an answer says to the judge, the judge reads
 * like the rest: answers that plead for themselves are not guarded against. Threads may share it.
 */
public final class ModelJudge implements PairwiseJudge {
  private static final PromptTemplate DEFAULT =
      PromptTemplate.resource(ModelJudge.class, "judge-prompt.txt", "question", "a", "b");

  private final LanguageModel judge;
  private final PromptTemplate template;

  /**
   * A judge with the default question: which answer is more helpful, honest and harmless.
   *
   * @param judge with a tokenizer; stays the caller's to close
   */
  public ModelJudge(LanguageModel judge) {
    this(judge, DEFAULT);
  }

  /**
   * A judge with a question of its own.
   *
   * @param judge with a tokenizer; stays the caller's to close
   * @param text what it is asked, as a user's message, with {@code {question}}, {@code {a}} and
   *     {@code {b}} where the conversation and the answers come; it should ask for the letter A or
   *     B
   * @throws IllegalArgumentException if one of the three is missing
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
   * @return empty if the texts are longer than the judge's context
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  @Override
  public OptionalDouble prefers(Prompt prompt, String first, String second) {
    Prompt asked =
        Prompt.user(
            template.fill(Map.of("question", conversation(prompt), "a", first, "b", second)));
    int length = judge.tokenizer().encodeForTraining(asked.withResponse("A")).ids().length;
    if (length > judge.longestSequence()) {
      return OptionalDouble.empty();
    }
    List<ContinuationScore> letters = judge.score(asked, List.of("A", "B"));
    return OptionalDouble.of(letters.get(0).sum() - letters.get(1).sum());
  }

  /** A single question as it is, else each message behind its role. */
  private static String conversation(Prompt prompt) {
    List<Message> messages = prompt.messages();
    return messages.size() == 1
        ? messages.get(0).text()
        : messages.stream()
            .map(m -> m.role().name().toLowerCase(Locale.ROOT) + ": " + m.text())
            .collect(Collectors.joining("\n\n"));
  }
}
