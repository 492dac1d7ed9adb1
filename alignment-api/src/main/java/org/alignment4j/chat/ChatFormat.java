package org.alignment4j.chat;

import java.util.List;

/**
 * A model family's layout of a conversation as text. The text equals, character by character, the
 * output of the family's published Jinja template. Implementations are immutable.
 */
interface ChatFormat {
  /** The family's name, for messages. */
  String name();

  /** The text that closes an assistant turn; empty if nothing does. */
  String endOfTurn();

  /**
   * The strings by which this format marks roles. If the tokenizer has no control token for one, it
   * is plain text, which message text must not contain.
   */
  List<String> markers();

  /**
   * Writes a conversation.
   *
   * @param messages at least one message, text free of lone surrogates
   * @param generationPrompt whether to start an assistant turn at the end
   * @throws IllegalArgumentException if the family's template does not allow this sequence of roles
   */
  Script write(List<Message> messages, boolean generationPrompt);
}
