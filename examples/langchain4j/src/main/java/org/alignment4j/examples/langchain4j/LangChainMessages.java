package org.alignment4j.examples.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;

/** Converts LangChain4j's messages to prompts. */
final class LangChainMessages {
  private LangChainMessages() {}

  /**
   * Returns the messages as a prompt, without turns that a guard blocked.
   *
   * @throws UnsupportedFeatureException if a message is not a text message of system, user or
   *     assistant
   */
  static Prompt prompt(List<ChatMessage> messages) {
    List<Message> found = new ArrayList<>();
    for (ChatMessage message : messages) {
      if (!isRefusal(message)) {
        found.add(message(message));
      } else if (!found.isEmpty() && found.get(found.size() - 1).role() == Role.USER) {
        found.remove(found.size() - 1); // the blocked user message
      }
    }
    return Prompt.systemFirst(found);
  }

  /** Returns the messages without tool calls and their results. */
  static List<ChatMessage> withoutTools(List<ChatMessage> messages) {
    return messages.stream()
        .filter(m -> !(m instanceof ToolExecutionResultMessage))
        .filter(m -> !(m instanceof AiMessage ai && ai.hasToolExecutionRequests()))
        .toList();
  }

  private static boolean isRefusal(ChatMessage message) {
    return message instanceof AiMessage ai && "BLOCK".equals(ai.attributes().get("guard.verdict"));
  }

  private static Message message(ChatMessage message) {
    if (message instanceof SystemMessage system) {
      return Message.system(system.text());
    }
    if (message instanceof UserMessage user && user.hasSingleText()) {
      return Message.user(user.singleText());
    }
    if (message instanceof AiMessage ai
        && !ai.hasToolExecutionRequests()
        && ai.images().isEmpty()
        && ai.text() != null) {
      return Message.assistant(ai.text());
    }
    throw new UnsupportedFeatureException(
        "only text of system, user and assistant is supported, found " + kind(message));
  }

  private static String kind(ChatMessage message) {
    return message instanceof UserMessage user
        ? "a user message of " + user.contents().stream().map(Content::type).toList()
        : message.type() + (message instanceof AiMessage ? " message with tools or images" : "");
  }
}
