package org.alignment4j.chat;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Text between two control tokens, with the pieces it came from. Offsets count UTF-16 units.
 *
 * @param text the text
 * @param parts the pieces in it, in order and without gaps
 */
record Stretch(String text, List<Part> parts) {
  /**
   * A part of a script's piece.
   *
   * @param piece index of the piece
   * @param offset where in the piece the part begins
   * @param start where in the stretch it begins
   * @param end where in the stretch it ends
   * @param trusted whether the template wrote it
   */
  record Part(int piece, int offset, int start, int end, boolean trusted) {}

  /**
   * A place in message text that makes a control token or a role marker, or a part of one.
   *
   * @param marker the marker, or null for a control token
   * @param piece index of the script's piece
   * @param start where in the piece it begins
   * @param end where in the piece it ends
   * @param atStart whether the marker begins here, rather than in an earlier piece
   * @param atEnd whether it ends here
   */
  record Breach(
      @Nullable String marker, int piece, int start, int end, boolean atStart, boolean atEnd) {}

  /** Whether no message has a part in the text. */
  boolean trusted() {
    for (Part part : parts) {
      if (!part.trusted && part.start < part.end) {
        return false;
      }
    }
    return true;
  }

  /** Whether no message has a part in a range of the text. */
  boolean trusted(int start, int end) {
    for (int i = partAt(start); i < parts.size() && parts.get(i).start < end; i++) {
      Part part = parts.get(i);
      if (!part.trusted && Math.max(start, part.start) < Math.min(end, part.end)) {
        return false;
      }
    }
    return true;
  }

  /** Gives what messages have a part in a range of the text. */
  void breaches(@Nullable String marker, int start, int end, Consumer<Breach> found) {
    for (int i = partAt(start); i < parts.size() && parts.get(i).start < end; i++) {
      Part part = parts.get(i);
      int from = Math.max(start, part.start);
      int to = Math.min(end, part.end);
      if (!part.trusted && from < to) {
        int shift = part.offset - part.start;
        found.accept(
            new Breach(marker, part.piece, from + shift, to + shift, from == start, to == end));
      }
    }
  }

  /** The index of the first part that ends behind a place. */
  private int partAt(int place) {
    int low = 0;
    int high = parts.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (parts.get(middle).end > place) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
