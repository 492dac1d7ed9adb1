package org.alignment4j.chat;

import java.io.Serializable;
import java.util.Objects;

/**
 * One message of a conversation. The text is data: nothing in it is interpreted as a control token,
 * role marker or template code. Immutable.
 *
 * @param role the role of the sender
 * @param text the message text, possibly empty; a lone surrogate is read as U+FFFD when tokenised
 */
public record Message(Role role, String text) implements Serializable {
  /**
   * @throws NullPointerException if a component is null
   */
  public Message {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(text, "text");
  }

  /** Returns a system message. */
  public static Message system(String text) {
    return new Message(Role.SYSTEM, text);
  }

  /** Returns a user message. */
  public static Message user(String text) {
    return new Message(Role.USER, text);
  }

  /** Returns an assistant message. */
  public static Message assistant(String text) {
    return new Message(Role.ASSISTANT, text);
  }
}
