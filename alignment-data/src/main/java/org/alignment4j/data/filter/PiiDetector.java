package org.alignment4j.data.filter;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds one kind of personal data: a pattern for what looks like it, and a check. Immutable.
 *
 * @param name what its placeholder says
 * @param needed a text without it has none; empty if it cannot be said so simply
 * @param pattern every repetition is bounded, or cannot be matched in two ways
 * @param check where the data ends
 */
record PiiDetector(String name, String needed, Pattern pattern, Check check) {
  /** Looks closer at what a pattern found. */
  interface Check {
    /**
     * Where the data ends, at most a few characters behind {@code end}; begin or less if it is
     * none.
     */
    int end(String text, int begin, int end);
  }

  /** A part of a text. */
  record Span(int begin, int end) {}

  String placeholder() {
    return "[" + name + "]";
  }

  /** All in a text, from left to right; one may begin right where another ends. */
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
      // What was found will be a placeholder, and no part of a word that follows it.
      matcher.useTransparentBounds(end <= matcher.start());
    }
    return found;
  }
}
