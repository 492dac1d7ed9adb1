package org.alignment4j.chat;

import static org.alignment4j.core.Arguments.require;

/**
 * Tokens one behind the other in a sequence.
 *
 * @param start 0-based index of the first
 * @param end index behind the last; {@code start} if there is none
 */
public record TokenRange(int start, int end) {
  /**
   * @throws IllegalArgumentException if the range is none
   */
  public TokenRange {
    require(start >= 0 && end >= start, "no range of tokens: %s to %s", start, end);
  }

  /** Number of tokens. */
  public int length() {
    return end - start;
  }
}
