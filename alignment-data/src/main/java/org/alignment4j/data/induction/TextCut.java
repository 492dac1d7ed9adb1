package org.alignment4j.data.induction;

import java.util.function.ToIntFunction;

/** Truncates texts at their end, between two characters. */
final class TextCut {
  private TextCut() {}

  /**
   * Returns the first {@code length} UTF-16 units of a text, one less if that would split a
   * surrogate pair.
   */
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
   * Returns a prefix of a text whose measure is within a limit: the whole text if possible, else
   * the longest prefix if the measure is monotonic, which tokenizers are up to a token or two.
   *
   * @param measure measure of a prefix; that of the empty one must be within the limit
   */
  static String longest(String text, int limit, ToIntFunction<String> measure) {
    int fits = 0;
    int tooLong = 8 * Math.max(1, limit);
    // From short to long, as of a very long text only the start is worth measuring.
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
