package org.alignment4j.model;

import java.util.List;

/**
 * A growing text that ends before the first stop string to become complete. Text that could be the
 * start of one is held back.
 */
final class StopText {
  private final List<String> stops;
  private final int longest;
  private final StringBuilder text = new StringBuilder();

  /** Number of characters released so far. */
  private int out;

  private boolean stopped;

  StopText(List<String> stops) {
    this.stops = stops;
    this.longest = stops.stream().mapToInt(String::length).max().orElse(0);
  }

  /** Appends text; returns the text that can be released now. */
  String add(String more) {
    if (stopped || more.isEmpty()) {
      return "";
    }
    // A stop string that ends in the new text starts at most longest - 1 characters before it.
    int from = Math.max(0, text.length() - longest + 1);
    text.append(more);
    int cut = -1;
    int end = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = text.indexOf(stop, from);
      // The first to become complete, independent of tokenisation; of two, the longer.
      if (at >= 0 && (at + stop.length() < end || (at + stop.length() == end && at < cut))) {
        cut = at;
        end = at + stop.length();
      }
    }
    if (cut >= 0) {
      stopped = true;
      text.setLength(cut);
      return release(cut);
    }
    return release(text.length() - heldBack());
  }

  /** Ends the text; returns what was held back. */
  String finish() {
    return release(text.length());
  }

  boolean stopped() {
    return stopped;
  }

  /** The whole text, cut before a stop string. */
  String text() {
    return text.toString();
  }

  private String release(int to) {
    String released = text.substring(out, to);
    out = to;
    return released;
  }

  /** The length of the longest suffix of the text that is a prefix of a stop string. */
  private int heldBack() {
    for (int n = Math.min(longest - 1, text.length() - out); n > 0; n--) {
      String end = text.substring(text.length() - n);
      for (String stop : stops) {
        if (stop.length() > n && stop.startsWith(end)) {
          return n;
        }
      }
    }
    return 0;
  }
}
