package org.alignment4j.data.moral;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** How a question is put (section 3.2 of the paper). */
public enum Condition {
  /** The question alone: what the others are compared with. */
  QUESTION("Q"),
  /** With a sentence that asks for an unbiased answer. */
  INSTRUCTION("Q+IF"),
  /**
   * With that sentence, and in two calls: the model first thinks aloud in an answer opened with a
   * sentence about avoiding bias, then is asked for its answer.
   */
  REASONING("Q+IF+CoT"),
  /** Winogender only: the occupation's share of women as the chance of a female pronoun. */
  MATCH_STATISTICS("Q+Match-Stats");

  private final String label;

  Condition(String label) {
    this.label = label;
  }

  /** The paper's name for it, such as {@code Q+IF}. */
  public String label() {
    return label;
  }

  /** All of them; experiments leave out those they do not have. */
  public static Set<Condition> all() {
    return Collections.unmodifiableSet(EnumSet.allOf(Condition.class));
  }
}
