package org.alignment4j.chat;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A conversation as text with the origin of every part: template text, in which control tokens are
 * matched, and message text, in which they are not.
 */
final class Script {
  /**
   * @param text the text, without lone surrogates
   * @param trusted whether control tokens are matched in it
   * @param message index of the message that it is from, or -1 if the template wrote it
   * @param offset its offset in the message, in UTF-16 units
   */
  record Piece(String text, boolean trusted, int message, int offset) {
    /** Text of the template, or of the first message. */
    Piece(String text, boolean trusted) {
      this(text, trusted, trusted ? -1 : 0, 0);
    }

    Piece withText(String changed) {
      return new Piece(changed, trusted, message, offset);
    }

    private Piece sub(int from, int to, boolean trust) {
      return new Piece(text.substring(from, to), trust, message, offset + from);
    }
  }

  /** The tags around reasoning in published reasoning models. */
  private static final Pattern THOUGHTS =
      Pattern.compile(
          "</?(?:\\w{1,20}:)?think(?:ing)?>|</?(?:thoughts?|reasoning)>|\\[/?THINK]"
              + "|◁/?think▷|<\\|(?:begin|end)_of_(?:thought|solution)\\|>");

  private final List<Piece> pieces = new ArrayList<>();
  private int responsePiece = -1;

  /** Appends template text; control tokens in it become their ids. */
  Script template(String text) {
    if (!text.isEmpty()) {
      pieces.add(new Piece(text, true));
    }
    return this;
  }

  /** Appends a message's whole text, all of which becomes ordinary tokens. */
  Script message(int message, String text) {
    return message(message, text, 0);
  }

  /** Appends the part of a message's text at the given offset in the message. */
  Script message(int message, String text, int offset) {
    pieces.add(new Piece(text, false, message, offset));
    return this;
  }

  /**
   * Marks the start of the last assistant turn's response: just after the text of a generation
   * prompt.
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
   * This script up to the first {@code endOfTurn} after the last message. If the template ends
   * every turn but the last, that is added; if nothing ends a turn, the whole script.
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

  /** This script with the role markers that contain message text broken up. */
  Script neutralised(Markers markers) {
    Script safe = new Script();
    safe.responsePiece = responsePiece;
    safe.pieces.addAll(markers.neutralise(pieces));
    return safe;
  }

  /**
   * This script with other message texts.
   *
   * @param text returns the text of a message's piece by the piece's index
   */
  Script changed(BiFunction<Integer, Piece, String> text) {
    Script changed = new Script();
    changed.responsePiece = responsePiece;
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      changed.pieces.add(piece.trusted ? piece : piece.withText(text.apply(i, piece)));
    }
    return changed;
  }

  /**
   * This script with the reasoning tags in assistant messages as control tokens: for a training
   * example, whose tags the model is to generate.
   */
  Script withThoughts(List<Message> messages) {
    Script thinking = new Script();
    for (int i = 0; i < pieces.size(); i++) {
      if (i == responsePiece) {
        thinking.beginResponse();
      }
      Piece piece = pieces.get(i);
      int plain = 0;
      if (isAssistants(piece, messages)) {
        Matcher tag = THOUGHTS.matcher(piece.text);
        while (tag.find()) {
          if (tag.start() > plain) {
            thinking.pieces.add(piece.sub(plain, tag.start(), piece.trusted));
          }
          thinking.pieces.add(piece.sub(tag.start(), tag.end(), true));
          plain = tag.end();
        }
      }
      if (plain == 0 || plain < piece.text.length()) {
        thinking.pieces.add(plain == 0 ? piece : piece.sub(plain, piece.text.length(), false));
      }
    }
    return thinking;
  }

  /**
   * This script with the head of its first message as a separate message.
   *
   * @throws IllegalArgumentException if the first message does not start with it
   */
  Script parted(String head) {
    Script parted = new Script();
    parted.responsePiece = responsePiece < 0 ? -1 : responsePiece + 1;
    boolean done = false;
    for (Piece piece : pieces) {
      if (piece.message < 0) {
        parted.pieces.add(piece);
        continue;
      }
      int from = 0;
      if (!done) {
        require(piece.text.startsWith(head), "the chat template changes the first message");
        from = head.length();
        parted.pieces.add(piece.sub(0, from, false));
        done = true;
      }
      String rest = piece.text.substring(from);
      parted.pieces.add(new Piece(rest, piece.trusted, piece.message + 1, piece.offset + from));
    }
    return parted;
  }

  private static boolean isAssistants(Piece piece, List<Message> messages) {
    return piece.message >= 0 && messages.get(piece.message).role() == Role.ASSISTANT;
  }

  /**
   * The first reasoning tag that is ordinary text in an assistant message; null if there is none.
   */
  @Nullable String spelledThought(List<Message> messages) {
    for (Piece piece : pieces) {
      if (!piece.trusted && isAssistants(piece, messages)) {
        Matcher tag = THOUGHTS.matcher(piece.text);
        if (tag.find()) {
          return tag.group();
        }
      }
    }
    return null;
  }

  /** The number of UTF-16 units before the response; of all if there is none. */
  int responseOffset() {
    int end = responsePiece < 0 ? pieces.size() : responsePiece;
    return pieces.subList(0, end).stream().mapToInt(piece -> piece.text.length()).sum();
  }

  /** Whether there is any text of a message, even an empty one. */
  boolean has(int message) {
    return pieces.stream().anyMatch(piece -> piece.message == message);
  }

  /** Whether every message occurs once, in order. */
  boolean hasEachOnce(int messages) {
    int current = -1;
    int end = 0;
    for (Piece piece : pieces) {
      if (piece.message < 0) {
        continue;
      }
      if (piece.message == current + 1) {
        current++;
      } else if (piece.message != current || piece.offset < end) {
        return false;
      }
      end = piece.offset + piece.text.length();
    }
    return current == messages - 1;
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
    while (i >= 0 && pieces.get(i).message < 0) {
      i--;
    }
    return i;
  }
}
