package org.alignment4j.data.induction;

import java.util.function.ToIntFunction;

/** Shortens texts at their end, between two characters. */
final class TextCut {
  private TextCut() {}

  /** The first {@code length} UTF-16 units of a text, one less where that would split a pair. */
  static String to(String text, int length) {
    if (length >= text.length()) {
      return text;
    }
    boolean splits =
        length > 0
            && Character.isHighSurrogate(text.charAt(length - 1))
            && Character.isLowSurrogate(text.charAt(length));
    return text.substring(0, splits ? length - 1 : length);
  }

  /**
   * A long beginning of a text that measures no more than a limit: the text itself if that does,
   * and else the longest if longer beginnings never measure less. Tokenizers keep to that but for a
   * token or two.
   *
   * @param measure of a beginning; of the empty one it must be within the limit
   */
  static String longest(String text, int limit, ToIntFunction<String> measure) {
    int fits = 0;
    int tooLong = 8 * Math.max(1, limit);
    // From short to long, for of a very long text only the beginning is worth measuring.
    while (tooLong < text.length() && measure.applyAsInt(to(text, tooLong)) <= limit) {
      fits = tooLong;
      tooLong = (int) Math.min(text.length(), 2L * tooLong);
    }
    if (tooLong >= text.length()) {
      if (measure.applyAsInt(text) <= limit) {
        return text;
      }
      tooLong = text.length();
    }
    while (tooLong - fits > 1) {
      int middle = (fits + tooLong) >>> 1;
      if (measure.applyAsInt(to(text, middle)) <= limit) {
        fits = middle;
      } else {
        tooLong = middle;
      }
    }
    return to(text, fits);
  }
}
