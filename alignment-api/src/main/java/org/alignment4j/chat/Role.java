package org.alignment4j.chat;

/** The role of a message's sender. */
public enum Role {
  /** Instructions for the whole conversation. */
  SYSTEM,
  /** The person or program that uses the model. */
  USER,
  /** The model. */
  ASSISTANT
}
