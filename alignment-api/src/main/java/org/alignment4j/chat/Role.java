package org.alignment4j.chat;

/** Who speaks in a conversation. */
public enum Role {
  /** Instructions that hold for the whole conversation. */
  SYSTEM,
  /** The person, or the program, that asks. */
  USER,
  /** The model. */
  ASSISTANT
}
