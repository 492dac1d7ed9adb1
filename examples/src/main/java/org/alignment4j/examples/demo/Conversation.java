package org.alignment4j.examples.demo;

import org.jspecify.annotations.Nullable;

/**
 * One training conversation: an optional system message, one question and one answer.
 *
 * @param system the system message, or null where there is none
 * @param user the question or request
 * @param assistant the answer to learn
 * @param kind the type of request
 * @param source origin: a data set's name, or {@code own} for text of this project
 * @param row the row's id in its source
 */
public record Conversation(
    @Nullable String system, String user, String assistant, Kind kind, String source, String row) {

  /** Type of a conversation's request. */
  public enum Kind {
    /** A harmful request, refused. */
    HARMFUL,
    /** A harmless request, answered. */
    BENIGN,
    /**
     * Anything else: requests of unknown class, and harmless ones that a system message rules out.
     */
    OTHER
  }

  Conversation with(@Nullable String newSystem, String newAssistant, Kind newKind) {
    return new Conversation(newSystem, user, newAssistant, newKind, source, row);
  }

  /** Returns the conversation in the model's chat format, ChatML. */
  public String text() {
    StringBuilder text = new StringBuilder();
    if (system != null) {
      text.append("<|im_start|>system\n").append(system).append("<|im_end|>\n");
    }
    return text.append("<|im_start|>user\n")
        .append(user)
        .append("<|im_end|>\n<|im_start|>assistant\n")
        .append(assistant)
        .append("<|im_end|>\n")
        .toString();
  }
}
