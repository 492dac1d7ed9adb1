package org.alignment4j.model;

import java.util.List;

/**
 * A text that grows and ends before the stop string in it that is complete first. What could still
 * be the beginning of one is held back.
 */
final class StopText {
  private final List<String> stops;
  private final int longest;
  private final StringBuilder text = new StringBuilder();

  /** How much of the text is out. */
  private int out;

  private boolean stopped;

  StopText(List<String> stops) {
    this.stops = stops;
    this.longest = stops.stream().mapToInt(String::length).max().orElse(0);
  }

  /** Takes more text; gives what can be shown now. */
  String add(String more) {
    if (stopped || more.isEmpty()) {
      return "";
    }
    // A stop string that ends in the new text begins after the last one's length before it.
    int from = Math.max(0, text.length() - longest + 1);
    text.append(more);
    int cut = -1;
    int end = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = text.indexOf(stop, from);
      // The one that is complete first, however the text is cut into tokens; of two the longer.
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

  /** The end: what is still held back. */
  String finish() {
    return release(text.length());
  }

  boolean stopped() {
    return stopped;
  }

  /** The whole text, up to a stop string. */
  String text() {
    return text.toString();
  }

  private String release(int to) {
    String released = text.substring(out, to);
    out = to;
    return released;
  }

  /** The length of the longest end of the text that begins a stop string. */
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
