package org.alignment4j.chat;

import java.io.Serializable;
import java.util.Objects;

/**
 * One turn of a conversation. The text is data: nothing in it is ever read as a control token, as a
 * role marker or as template code.
 *
 * @param role who speaks
 * @param text what is said, possibly empty; a lone surrogate is read as U+FFFD when tokenised
 */
public record Message(Role role, String text) implements Serializable {
  /**
   * @throws NullPointerException if a component is null
   */
  public Message {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(text, "text");
  }

  /** A system message. */
  public static Message system(String text) {
    return new Message(Role.SYSTEM, text);
  }

  /** A user message. */
  public static Message user(String text) {
    return new Message(Role.USER, text);
  }

  /** An assistant message. */
  public static Message assistant(String text) {
    return new Message(Role.ASSISTANT, text);
  }
}
