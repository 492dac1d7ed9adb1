package org.alignment4j.chat;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A conversation for a model to continue: at most one system message, which is the first, then user
 * and assistant messages. Immutable.
 *
 * <p>A prompt that ends with a user message requests a new response. One that ends with an
 * assistant message requests a continuation of that response, or is a training example. A family's
 * template may require more, such as strictly alternating roles; that is checked when the prompt is
 * tokenised.
 *
 * @param messages at least one message; a system message only at index 0, and not alone
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

  /** Returns a prompt of one user message. */
  public static Prompt user(String text) {
    return new Prompt(List.of(Message.user(text)));
  }

  /** Returns a prompt of the given messages. */
  public static Prompt of(Message... messages) {
    return new Prompt(List.of(messages));
  }

  /**
   * Returns a prompt of messages in which system messages may be at any index; they are joined by
   * empty lines into one, which becomes the first.
   *
   * @throws IllegalArgumentException as in the constructor
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

  /** Returns this prompt with the given system message, which replaces an existing one. */
  public Prompt withSystem(String text) {
    List<Message> changed = new ArrayList<>(messages);
    if (changed.get(0).role() == Role.SYSTEM) {
      changed.remove(0);
    }
    changed.add(0, Message.system(text));
    return new Prompt(changed);
  }

  /** Returns this prompt with a response appended, as a training example or to be continued. */
  public Prompt withResponse(String text) {
    List<Message> changed = new ArrayList<>(messages);
    changed.add(Message.assistant(text));
    return new Prompt(changed);
  }

  /** Returns this prompt with a user message appended. */
  public Prompt withUser(String text) {
    List<Message> changed = new ArrayList<>(messages);
    changed.add(Message.user(text));
    return new Prompt(changed);
  }

  /** Whether the last message is an assistant message. */
  public boolean endsWithResponse() {
    return last().role() == Role.ASSISTANT;
  }

  /** The last message. */
  public Message last() {
    return messages.get(messages.size() - 1);
  }
}
