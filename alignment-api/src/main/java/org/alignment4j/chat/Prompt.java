package org.alignment4j.chat;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A conversation for a model to continue: at most one system message, which comes first, then turns
 * of user and assistant.
 *
 * <p>A prompt that ends with a user message asks for a new answer. One that ends with an assistant
 * message asks to continue that answer, or holds a finished example to train on. A family's
 * template may demand more, such as strictly alternating roles; that is checked when the prompt is
 * tokenised.
 *
 * @param messages at least one message; the system message only in first place, never alone
 */
public record Prompt(List<Message> messages) implements Serializable {
  /**
   * @throws IllegalArgumentException if there is no message, a system message is not the first, or
   *     there is nothing but a system message
   */
  public Prompt {
    messages = List.copyOf(messages);
    require(!messages.isEmpty(), "a prompt needs at least one message");
    for (int i = 1; i < messages.size(); i++) {
      require(
          messages.get(i).role() != Role.SYSTEM,
          "a system message must come first, found one as message %s",
          i);
    }
    require(
        messages.get(messages.size() - 1).role() != Role.SYSTEM,
        "a prompt must end with a user or an assistant message, found only a system message");
  }

  /** A prompt of one user message. */
  public static Prompt user(String text) {
    return new Prompt(List.of(Message.user(text)));
  }

  /** A prompt of the given messages. */
  public static Prompt of(Message... messages) {
    return new Prompt(List.of(messages));
  }

  /**
   * A prompt of messages as other programs keep them: system messages may stand anywhere. They
   * become one, in first place, joined by empty lines.
   *
   * @throws IllegalArgumentException as the constructor
   */
  public static Prompt systemFirst(List<Message> messages) {
    List<Message> others = new ArrayList<>();
    List<String> system = new ArrayList<>();
    for (Message message : messages) {
      if (message.role() == Role.SYSTEM) {
        system.add(message.text());
      } else {
        others.add(message);
      }
    }
    if (!system.isEmpty()) {
      others.add(0, Message.system(String.join("\n\n", system)));
    }
    return new Prompt(others);
  }

  /** This prompt with the given system message, in place of one that it may have. */
  public Prompt withSystem(String text) {
    List<Message> changed = new ArrayList<>(messages);
    if (changed.get(0).role() == Role.SYSTEM) {
      changed.remove(0);
    }
    changed.add(0, Message.system(text));
    return new Prompt(changed);
  }

  /** This prompt with an answer appended, as an example to train on or an answer to continue. */
  public Prompt withResponse(String text) {
    List<Message> changed = new ArrayList<>(messages);
    changed.add(Message.assistant(text));
    return new Prompt(changed);
  }

  /** This prompt with a further user message. */
  public Prompt withUser(String text) {
    List<Message> changed = new ArrayList<>(messages);
    changed.add(Message.user(text));
    return new Prompt(changed);
  }

  /** Whether the last message is the assistant's. */
  public boolean endsWithResponse() {
    return last().role() == Role.ASSISTANT;
  }

  /** The last message. */
  public Message last() {
    return messages.get(messages.size() - 1);
  }
}
