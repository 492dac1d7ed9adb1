package org.alignment4j.chat;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Text between two control tokens, with the pieces that it consists of. Offsets count UTF-16 units.
 *
 * @param text the text
 * @param parts the pieces in it, in order and without gaps
 */
record Stretch(String text, List<Part> parts) {
  /**
   * A part of a script's piece.
   *
   * @param piece index of the piece
   * @param offset offset of the part in the piece
   * @param start offset of its start in the stretch
   * @param end offset of its end in the stretch
   * @param trusted whether the template wrote it
   */
  record Part(int piece, int offset, int start, int end, boolean trusted) {}

  /**
   * A range of message text that yields a control token or role marker, or part of one.
   *
   * @param marker the marker, or null for a control token
   * @param piece index of the script's piece
   * @param start offset of its start in the piece
   * @param end offset of its end in the piece
   * @param atStart whether the marker starts here, rather than in an earlier piece
   * @param atEnd whether it ends here
   */
  record Breach(
      @Nullable String marker, int piece, int start, int end, boolean atStart, boolean atEnd) {}

  /** Whether the text contains no message text. */
  boolean trusted() {
    for (Part part : parts) {
      if (!part.trusted && part.start < part.end) {
        return false;
      }
    }
    return true;
  }

  /** Whether a range of the text contains no message text. */
  boolean trusted(int start, int end) {
    for (int i = partAt(start); i < parts.size() && parts.get(i).start < end; i++) {
      Part part = parts.get(i);
      if (!part.trusted && Math.max(start, part.start) < Math.min(end, part.end)) {
        return false;
      }
    }
    return true;
  }

  /** Reports the message text in a range of the text. */
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

  /** The index of the first part that ends after an offset. */
  private int partAt(int offset) {
    int low = 0;
    int high = parts.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (parts.get(middle).end > offset) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
