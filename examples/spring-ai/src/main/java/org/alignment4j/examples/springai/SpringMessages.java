package org.alignment4j.examples.springai;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.MediaContent;

/** Converts Spring AI's messages to prompts, and back. */
final class SpringMessages {
  private SpringMessages() {}

  /**
   * Returns the messages as a prompt.
   *
   * @throws IllegalArgumentException if a message is not a text message of system, user or
   *     assistant
   */
  static Prompt prompt(List<Message> messages) {
    return Prompt.systemFirst(messages.stream().map(SpringMessages::read).toList());
  }

  /** Returns the messages without the turns that a guard blocked. */
  static List<Message> withoutBlocked(List<Message> messages) {
    List<Message> kept = new ArrayList<>();
    for (Message message : messages) {
      if (!"BLOCK".equals(message.getMetadata().get("guard.verdict"))) {
        kept.add(message);
      } else if (!kept.isEmpty() && kept.get(kept.size() - 1) instanceof UserMessage) {
        kept.remove(kept.size() - 1); // the blocked user message
      }
    }
    return kept;
  }

  /** Whether a message belongs to a tool call. */
  static boolean isOfTools(Message message) {
    return message.getMessageType() == MessageType.TOOL
        || (message instanceof AssistantMessage assistant && assistant.hasToolCalls());
  }

  /**
   * Returns the messages with the texts of a rewritten prompt. Its system message replaces all
   * others; tool messages keep their positions.
   *
   * @throws IllegalArgumentException if the prompt's turns differ from the messages'
   */
  static List<Message> rewritten(List<Message> messages, Prompt rewritten) {
    List<Message> result = new ArrayList<>();
    List<org.alignment4j.chat.Message> turns = new ArrayList<>(rewritten.messages());
    if (turns.get(0).role() == Role.SYSTEM) {
      result.add(new SystemMessage(turns.remove(0).text()));
    }
    int turn = 0;
    for (Message message : messages) {
      if (isOfTools(message)) {
        result.add(message);
      } else if (message.getMessageType() != MessageType.SYSTEM) {
        if (turn == turns.size() || turns.get(turn).role() != read(message).role()) {
          throw new IllegalArgumentException("the guard changes the turns of a conversation");
        }
        result.add(withText(message, turns.get(turn++).text()));
      }
    }
    if (turn != turns.size()) {
      throw new IllegalArgumentException("the guard adds turns to a conversation");
    }
    return result;
  }

  private static Message withText(Message message, String text) {
    return message instanceof UserMessage user
        ? user.mutate().text(text).build()
        : AssistantMessage.builder().content(text).properties(message.getMetadata()).build();
  }

  private static org.alignment4j.chat.Message read(Message message) {
    boolean media = message instanceof MediaContent content && !content.getMedia().isEmpty();
    if (media || isOfTools(message)) {
      throw new IllegalArgumentException(
          "only text of system, user and assistant is supported, found a message of type "
              + message.getMessageType()
              + (media ? " with media" : " with tool calls"));
    }
    String text = message.getText() == null ? "" : message.getText();
    return switch (message.getMessageType()) {
      case SYSTEM -> org.alignment4j.chat.Message.system(text);
      case USER -> org.alignment4j.chat.Message.user(text);
      default -> org.alignment4j.chat.Message.assistant(text);
    };
  }
}
