package org.alignment4j.data;

import static org.alignment4j.core.Arguments.require;

/**
 * One prompt of a prompt set. Immutable.
 *
 * @param id the source's id, or the row's number from 0 where the source has none
 * @param prompt the request, never blank, as the source has it (line breaks included)
 * @param type the source's type or category; empty if it has none
 * @param label whether the prompt should be answered
 */
public record PromptRow(String id, String prompt, String type, Label label) {
  /**
   * @throws IllegalArgumentException if id or prompt is blank
   */
  public PromptRow {
    require(!id.isBlank(), "a prompt needs an id");
    require(!prompt.isBlank(), "prompt %s is blank", id);
  }

  /** A prompt of which nothing else is known. */
  public static PromptRow of(String id, String prompt) {
    return new PromptRow(id, prompt, "", Label.UNKNOWN);
  }

  /** This prompt with another label, for sources whose file name is all that tells. */
  public PromptRow withLabel(Label newLabel) {
    return new PromptRow(id, prompt, type, newLabel);
  }

  /** Whether a model should answer a prompt, as far as its source says. */
  public enum Label {
    /** Should be answered. */
    SAFE,
    /** Should be refused. */
    UNSAFE,
    /** The source does not say. */
    UNKNOWN
  }
}
