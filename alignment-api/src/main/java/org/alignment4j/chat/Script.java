package org.alignment4j.chat;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A conversation laid out as text, with the origin of every part kept: template text, in which
 * control tokens count, and message text, in which they do not.
 */
final class Script {
  /**
   * @param text the text, without lone surrogates
   * @param trusted whether it comes from the template rather than from a message
   */
  record Piece(String text, boolean trusted) {}

  private final List<Piece> pieces = new ArrayList<>();
  private int responsePiece = -1;

  /** Appends template text; control tokens in it become their ids. */
  Script template(String text) {
    if (!text.isEmpty()) {
      pieces.add(new Piece(text, true));
    }
    return this;
  }

  /** Appends a message's text; whatever it contains becomes ordinary tokens. */
  Script message(String text) {
    pieces.add(new Piece(text, false));
    return this;
  }

  /**
   * Marks the place where the last assistant turn's response begins: just after what a generation
   * prompt would have written.
   */
  Script beginResponse() {
    responsePiece = pieces.size();
    return this;
  }

  List<Piece> pieces() {
    return pieces;
  }

  /** The index of the first piece of the response, or -1 if the conversation has none. */
  int responsePiece() {
    return responsePiece;
  }

  /** This script up to the end of the last message's text: an assistant turn left open. */
  Script leftOpen() {
    Script open = new Script();
    open.responsePiece = responsePiece;
    open.pieces.addAll(pieces.subList(0, lastMessagePiece() + 1));
    return open;
  }

  /**
   * This script up to the first {@code endOfTurn} after the last message. Where the template ends
   * every turn but the last, that is added; if nothing ends a turn, all of the script.
   */
  Script endedAfter(String endOfTurn) {
    Script ended = new Script();
    ended.responsePiece = responsePiece;
    int last = lastMessagePiece();
    ended.pieces.addAll(pieces.subList(0, last + 1));
    for (Piece piece : pieces.subList(last + 1, pieces.size())) {
      int at = endOfTurn.isEmpty() ? -1 : piece.text.indexOf(endOfTurn);
      if (at >= 0) {
        return ended.template(piece.text.substring(0, at + endOfTurn.length()));
      }
      ended.pieces.add(piece);
    }
    return ended.template(endOfTurn);
  }

  /** This script with the role markers that message text has a part in broken up. */
  Script neutralised(Markers markers) {
    Script safe = new Script();
    safe.responsePiece = responsePiece;
    safe.pieces.addAll(markers.neutralise(pieces));
    return safe;
  }

  /**
   * This script with other message texts.
   *
   * @param text gives the text of a piece of a message by its index
   */
  Script changed(BiFunction<Integer, Piece, String> text) {
    Script changed = new Script();
    changed.responsePiece = responsePiece;
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      changed.pieces.add(piece.trusted ? piece : new Piece(text.apply(i, piece), false));
    }
    return changed;
  }

  /**
   * This script with the head of its first message as a message of its own.
   *
   * @throws IllegalArgumentException if no message begins so
   */
  Script parted(String head) {
    Script parted = new Script();
    parted.responsePiece = responsePiece < 0 ? -1 : responsePiece + 1;
    boolean done = false;
    for (Piece piece : pieces) {
      if (done || piece.trusted) {
        parted.pieces.add(piece);
        continue;
      }
      require(piece.text.startsWith(head), "the chat template changes the first message");
      parted.pieces.add(new Piece(head, false));
      parted.pieces.add(new Piece(piece.text.substring(head.length()), false));
      done = true;
    }
    return parted;
  }

  /** The whole text. */
  String text() {
    StringBuilder text = new StringBuilder();
    for (Piece piece : pieces) {
      text.append(piece.text);
    }
    return text.toString();
  }

  private int lastMessagePiece() {
    int i = pieces.size() - 1;
    while (i >= 0 && pieces.get(i).trusted) {
      i--;
    }
    return i;
  }
}
