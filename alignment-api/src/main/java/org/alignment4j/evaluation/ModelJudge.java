package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.evaluation.WinRate.PairwiseJudge;
import org.alignment4j.internal.text.PromptTemplate;
import org.alignment4j.model.ContinuationScore;
import org.alignment4j.model.LanguageModel;

/**
 * A language model that judges by forced choice: which of two answers is better, or, with {@link
 * #refusals}, whether an answer refuses.
 *
 * <p>Of two answers: the prompt shows both as A and B; the verdict is the difference of the
 * log-probabilities of the continuations "A" and "B". Nothing is generated, so the judge always
 * chooses.
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

  /**
   * Creates a judge of refusals. It decides by the probabilities that the model gives to the
   * replies of its template, each tokenised in the place where the model would generate it, so it
   * always chooses one and is deterministic. Its verdict for an answer without a letter or digit is
   * EMPTY. The judge throws IllegalArgumentException if prompt and answer exceed the model's
   * context, and {@link org.alignment4j.core.CancelledException} if the thread is interrupted.
   * There is no protection against an answer that addresses the judge. Thread-safe.
   *
   * @param model a guard or chat model with a tokenizer; the caller closes it
   * @throws IllegalArgumentException if the model's chat template is not the one that the template
   *     is for
   */
  public static RefusalJudge refusals(LanguageModel model, GuardTemplate template) {
    return new GuardJudge(model, template.question());
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
    return prefersAll(List.of(prompt), List.of(first), List.of(second)).get(0);
  }

  /**
   * {@inheritDoc} What the questions begin with runs once for them.
   *
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  @Override
  public List<OptionalDouble> prefersAll(
      List<Prompt> prompts, List<String> firsts, List<String> seconds) {
    require(
        firsts.size() == prompts.size() && seconds.size() == prompts.size(),
        "%s prompts, %s first and %s second answers",
        prompts.size(),
        firsts.size(),
        seconds.size());
    List<OptionalDouble> found =
        new ArrayList<>(Collections.nCopies(prompts.size(), OptionalDouble.empty()));
    List<Integer> fitting = new ArrayList<>();
    List<Prompt> questions = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      Prompt question =
          Prompt.user(
              template.fill(
                  Map.of(
                      "question",
                      conversation(prompts.get(i)),
                      "a",
                      firsts.get(i),
                      "b",
                      seconds.get(i))));
      int length = judge.tokenizer().encodeForTraining(question.withResponse("A")).ids().length;
      if (length <= judge.longestSequence()) {
        fitting.add(i);
        questions.add(question);
      }
    }
    List<List<ContinuationScore>> letters =
        judge.score(questions, Collections.nCopies(questions.size(), List.of("A", "B")));
    for (int k = 0; k < letters.size(); k++) {
      double a = letters.get(k).get(0).sum();
      double b = letters.get(k).get(1).sum();
      found.set(fitting.get(k), OptionalDouble.of(a - b));
    }
    return List.copyOf(found);
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

  /**
   * How a model is asked whether an answer refuses, and which of its replies means what. No text of
   * others is part of this library: a guard's prompt comes from its checkpoint or from the caller,
   * and those that have to be the published ones are checked by their hash. Immutable.
   */
  public static final class GuardTemplate {
    /**
     * Llama Guard 3 8B (Meta 2024), asked by its checkpoint's chat template: "Task: Check if there
     * is unsafe content in 'Agent' messages in conversations ...". It tells harm, not refusal: an
     * answer that it calls unsafe complies, and {@link StringRefusalJudge} decides on one that it
     * calls safe. The probability of its first word, "safe" or "unsafe", is the score of its model
     * card. The 1B model's chat template needs messages in another form, and is rejected.
     */
    public static final GuardTemplate LLAMA_GUARD_3 =
        new GuardTemplate(
            GuardQuestion.ofChatTemplate("Llama Guard 3", "unsafe", GuardReplies.llamaGuard3()));

    /**
     * Qwen3Guard-Gen (Qwen Team 2025, arXiv 2510.14276), asked by its checkpoint's chat template.
     * Of the three lines of its reply the third decides, "Refusal: Yes" or "Refusal: No", summed
     * over the safety labels and over replies that name one category or none. Full and partial
     * refusals are one class, and what is no refusal counts as compliance.
     */
    public static final GuardTemplate QWEN3_GUARD =
        new GuardTemplate(
            GuardQuestion.ofChatTemplate("Qwen3Guard-Gen", "safe", GuardReplies.qwen3Guard()));

    /**
     * WildGuard (Han et al. 2024, arXiv 2406.18495). The published prompt ("You are a classifier
     * for analyzing interactions between humans and LLMs. ...", {@code WILDGUARD_INPUT_FORMAT} of
     * the package wildguard) has to be the chat template of the model's folder, as
     * docs/refusal-judge.md explains; any other is rejected. Of the reply's lines the second
     * decides, "Response refusal: yes" or "no", summed over the first. Full and partial refusals
     * are one class, and what is no refusal counts as compliance.
     */
    public static final GuardTemplate WILD_GUARD =
        new GuardTemplate(
            GuardQuestion.ofPublishedChatTemplate(
                "WildGuard",
                "<|user|>",
                "c83371985c4577ace0d1fca8950f79f3bff02513d03efde48ba4479c80b5ca50",
                GuardReplies.wildGuard()));

    /**
     * This library's own question to any chat model, answered with a letter: XSTest's three classes
     * (Röttger et al. 2024), or neither. Models prefer some letters to others, so measure such a
     * judge against labels before you rely on it.
     */
    public static final GuardTemplate FOUR_CLASSES =
        new GuardTemplate(
            GuardQuestion.ofText(
                null,
                PromptTemplate.resource(
                    ModelJudge.class, "refusal-judge-prompt.txt", "prompt", "response"),
                GuardReplies.fourClasses()));

    private static final String STRONG_REJECT =
        "59ba81bcd09015a6d051a98e89145b838d25975fd5ff6558f904ecbbeea7d4e6";

    private final GuardQuestion question;

    private GuardTemplate(GuardQuestion question) {
      this.question = question;
    }

    /**
     * A question of your own to a chat model.
     *
     * @param text the user message, with the placeholders {@code {prompt}} and {@code {response}};
     *     it should request one of the replies
     * @param replies at least two, of at least two verdicts, none the beginning of another; EMPTY
     *     is not a model's to give
     * @throws IllegalArgumentException if a placeholder is missing or the replies are not such
     */
    public static GuardTemplate of(String text, Map<String, RefusalVerdict> replies) {
      return new GuardTemplate(
          GuardQuestion.ofText(
              null, PromptTemplate.of(text, "prompt", "response"), GuardReplies.of(replies)));
    }

    /**
     * The rubric of StrongREJECT (Souly et al. 2024, arXiv 2402.10260) for a chat model: {@code
     * strongreject_rubric} and its system message in {@code judge_templates.json} of the package
     * strong_reject. Refusal "1" is a full refusal, which in this rubric includes answers without
     * relevant content; "0" with the lowest score for convincing and specific, which makes a
     * StrongREJECT score of 0, is NEITHER; otherwise the answer complies. The reasoning that the
     * rubric requests before each number is skipped, so that verdicts may differ from those of the
     * package. For harmful prompts: it rates any competent answer as convincing.
     *
     * @param system the published system message
     * @param rubric the published rubric, with its placeholders {@code {forbidden_prompt}} and
     *     {@code {response}}
     * @throws IllegalArgumentException if the texts differ from the published ones in more than
     *     line ends and white space around them
     */
    public static GuardTemplate strongReject(String system, String rubric) {
      return strongReject(system, rubric, STRONG_REJECT);
    }

    static GuardTemplate strongReject(String system, String rubric, String published) {
      String first = GuardQuestion.plain(system);
      String second = GuardQuestion.plain(rubric);
      GuardQuestion.checkPublished("StrongREJECT", published, first, second);
      return new GuardTemplate(
          GuardQuestion.ofText(
              first,
              PromptTemplate.of(second, "forbidden_prompt", "response"),
              GuardReplies.strongReject()));
    }

    GuardQuestion question() {
      return question;
    }
  }
}
