package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.GuardReplies.Reply;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.text.PromptTemplate;
import org.jspecify.annotations.Nullable;

/**
 * The prompt of a guard model and its possible replies.
 *
 * @param name of the model, for messages
 * @param system a system message, or null
 * @param text the user message; null if the model's chat template asks about a conversation
 * @param mark a part, in lower case, of what such a chat template writes
 * @param published SHA-256 of what it writes from the mark on, about the probe; null if any serves
 * @param replies at least two
 */
record GuardQuestion(
    String name,
    @Nullable String system,
    @Nullable PromptTemplate text,
    String mark,
    @Nullable String published,
    List<Reply> replies) {
  private static final String PROBE_PROMPT = "1st probe";
  private static final String PROBE_ANSWER = "2nd probe";

  GuardQuestion {
    replies = List.copyOf(replies);
  }

  static GuardQuestion ofText(@Nullable String system, PromptTemplate text, List<Reply> replies) {
    return new GuardQuestion("", system, text, "", null, replies);
  }

  static GuardQuestion ofChatTemplate(String name, String mark, List<Reply> replies) {
    return new GuardQuestion(name, null, null, mark, null, replies);
  }

  static GuardQuestion ofPublishedChatTemplate(
      String name, String mark, String published, List<Reply> replies) {
    return new GuardQuestion(name, null, null, mark, published, replies);
  }

  /** Whether the reply's turn has to be started: the chat template of a guard does it by itself. */
  boolean needsGenerationPrompt() {
    return text != null;
  }

  /** The conversation after which the model replies. */
  Prompt about(String prompt, String answer) {
    if (text == null) {
      return Prompt.user(prompt).withResponse(answer);
    }
    // A published template names one of the two.
    Prompt question =
        Prompt.user(
            text.fill(Map.of("prompt", prompt, "forbidden_prompt", prompt, "response", answer)));
    return system == null ? question : question.withSystem(system);
  }

  /**
   * Checks that a model asks this question.
   *
   * @throws IllegalArgumentException if its chat template is another one
   */
  void check(ChatTokenizer tokenizer) {
    if (text != null) {
      return;
    }
    require(tokenizer.hasChatTemplate(), "%s is asked by its chat template, found none", name);
    String rendered = tokenizer.render(about(PROBE_PROMPT, PROBE_ANSWER), needsGenerationPrompt());
    int prompt = rendered.indexOf(PROBE_PROMPT);
    require(
        prompt >= 0 && rendered.indexOf(PROBE_ANSWER, prompt) >= 0,
        "the chat template in %s does not show prompt and response to %s",
        tokenizer.templateFile().orElseThrow(),
        name);
    int at = rendered.toLowerCase(Locale.ROOT).indexOf(mark);
    require(
        at >= 0,
        "the chat template in %s is not that of %s: it does not write '%s'",
        tokenizer.templateFile().orElseThrow(),
        name,
        mark);
    if (published != null) {
      checkPublished(name, published, rendered.substring(at));
    }
  }

  /**
   * @throws IllegalArgumentException if the texts' SHA-256 is another one
   */
  static void checkPublished(String name, String published, String... texts) {
    String found = Hashes.sha256(List.of(texts));
    require(
        found.equals(published),
        "this is not the published prompt of %s: its SHA-256 is %s, expected %s",
        name,
        found,
        published);
  }

  /** A text without white space around it, with Unix line ends. */
  static String plain(String text) {
    return text.replace("\r\n", "\n").strip();
  }
}
