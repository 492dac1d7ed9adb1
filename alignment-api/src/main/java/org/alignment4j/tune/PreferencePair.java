package org.alignment4j.tune;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.Serializable;
import org.alignment4j.chat.Prompt;

/**
 * A prompt with a preferred and a dispreferred response. The responses may be empty or equal; the
 * method decides whether such a pair can be learned from.
 *
 * @param id identifies the pair in messages and reports
 * @param prompt a conversation that ends with a user message
 * @param chosen the preferred response
 * @param rejected the dispreferred response
 */
public record PreferencePair(String id, Prompt prompt, String chosen, String rejected)
    implements Serializable {
  /**
   * @throws IllegalArgumentException if the prompt ends with an assistant message
   */
  public PreferencePair {
    require(
        !prompt.endsWithResponse(),
        "pair %s: the prompt must end with a user message, the last is the assistant's",
        id);
  }

  /** The same pair with the responses exchanged. */
  public PreferencePair swapped() {
    return new PreferencePair(id, prompt, rejected, chosen);
  }
}
