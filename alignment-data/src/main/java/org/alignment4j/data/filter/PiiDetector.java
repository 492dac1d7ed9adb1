package org.alignment4j.data.filter;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds one kind of personal data by a pattern for candidates, and a check. Immutable.
 *
 * @param name the name in its placeholder
 * @param needed a string that every match contains, as a quick pre-check; empty if there is none
 * @param pattern every repetition is bounded, or cannot be matched in two ways
 * @param check returns where the data ends
 */
record PiiDetector(String name, String needed, Pattern pattern, Check check) {
  /** Checks a match of the pattern. */
  interface Check {
    /**
     * Returns where the data ends, at most a few characters after {@code end}; begin or less if it
     * is not personal data.
     */
    int end(String text, int begin, int end);
  }

  /** A part of a text. */
  record Span(int begin, int end) {}

  String placeholder() {
    return "[" + name + "]";
  }

  /** Returns all matches in a text, from left to right; they may be adjacent. */
  List<Span> find(String text) {
    List<Span> found = new ArrayList<>();
    if (!text.contains(needed)) {
      return found;
    }
    Matcher matcher = pattern.matcher(text).useAnchoringBounds(false);
    matcher.useTransparentBounds(true);
    int from = 0;
    while (from < text.length() && matcher.region(from, text.length()).find()) {
      int end = check.end(text, matcher.start(), matcher.end());
      if (end > matcher.start()) {
        found.add(new Span(matcher.start(), end));
        from = end;
      } else {
        from = matcher.start() + 1;
      }
      // A match becomes a placeholder, and so cannot be part of a following word.
      matcher.useTransparentBounds(end <= matcher.start());
    }
    return found;
  }
}
