package org.alignment4j.chat;

import java.util.List;

/**
 * How a model family writes a conversation as text. Equal, character by character, to what the
 * family's published Jinja template renders. Implementations are immutable.
 */
interface ChatFormat {
  /** The family's name, for messages. */
  String name();

  /** The text that closes an assistant turn; empty if nothing does. */
  String endOfTurn();

  /**
   * The strings by which this format tells who speaks. Where the tokenizer has no control token for
   * one of them it is plain text, and message text is not allowed to contain it.
   */
  List<String> markers();

  /**
   * Lays out a conversation.
   *
   * @param messages at least one message, text free of lone surrogates
   * @param generationPrompt whether to open an assistant turn at the end
   * @throws IllegalArgumentException if the family's template refuses this sequence of roles
   */
  Script write(List<Message> messages, boolean generationPrompt);
}
