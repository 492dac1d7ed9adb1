package org.alignment4j.chat;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.Script.Piece;

/**
 * Role markers that are plain text to a tokenizer, such as Llama 2's {@code [INST]}. Only their
 * spelling distinguishes them, so no character of one may come from a message.
 *
 * @param markers the markers, each of at least two characters, of which neither the first nor the
 *     last is a space; one that starts with a line break is also matched, without it, at the start
 *     of a conversation
 */
record Markers(List<String> markers) {
  /**
   * @throws IllegalArgumentException if a space within could not break a marker
   */
  Markers {
    markers = List.copyOf(markers);
    for (String marker : markers) {
      require(
          marker.length() > 1 && !marker.startsWith(" ") && !marker.endsWith(" "),
          "a space cannot break the role marker '%s'",
          marker);
    }
  }

  /**
   * Returns the pieces with a space inserted into every marker that contains message text, after
   * the marker's first character if that is from the message: {@code [ INST]}. The words remain
   * readable to a model, but the marker is broken.
   *
   * <p>A space can complete another marker, one with a space in it, so this is repeated until there
   * is none. It terminates: every space widens a gap inside a marker, and a gap wider than any in a
   * marker is never widened again.
   */
  List<Piece> neutralise(List<Piece> pieces) {
    if (markers.isEmpty()) {
      return pieces;
    }
    List<Piece> safe = pieces;
    while (true) {
      List<Piece> safer = brokenOnce(safe);
      if (safer.equals(safe)) {
        return safe;
      }
      safe = safer;
    }
  }

  private List<Piece> brokenOnce(List<Piece> pieces) {
    StringBuilder joined = new StringBuilder("\n");
    pieces.forEach(piece -> joined.append(piece.text()));
    String all = joined.toString();
    List<Piece> broken = new ArrayList<>(pieces.size());
    int start = 1;
    for (Piece piece : pieces) {
      broken.add(piece.trusted() ? piece : broken(piece, all, start));
      start += piece.text().length();
    }
    return broken;
  }

  /**
   * @param start offset of the piece in the whole text
   */
  private Piece broken(Piece piece, String all, int start) {
    String text = piece.text();
    StringBuilder out = null;
    int copied = 0;
    for (int i = 0; i < text.length(); i++) {
      // A marker that starts here is cut after its first character, one that started before the
      // piece is cut at the start of the piece.
      boolean cutBefore = i == 0 && runsInto(all, start);
      if (cutBefore || startsMarker(all, start + i)) {
        int cut = cutBefore ? 0 : i + 1;
        out = out == null ? new StringBuilder(text.length() + 16) : out;
        out.append(text, copied, cut).append(' ');
        copied = cut;
      }
    }
    return out == null ? piece : piece.withText(out.append(text, copied, text.length()).toString());
  }

  private boolean startsMarker(String text, int at) {
    for (String marker : markers) {
      if (text.startsWith(marker, at)) {
        return true;
      }
    }
    return false;
  }

  /** Whether a marker starts before this offset and ends after it. */
  private boolean runsInto(String text, int at) {
    for (String marker : markers) {
      for (int before = 1; before < marker.length(); before++) {
        if (text.startsWith(marker, at - before)) {
          return true;
        }
      }
    }
    return false;
  }
}
