package org.alignment4j.chat;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.alignment4j.chat.EncodedMessages.TokenRange;
import org.alignment4j.chat.NativeTokenizer.Tokens;
import org.alignment4j.chat.Script.Piece;
import org.alignment4j.chat.Stretch.Part;
import org.alignment4j.chat.TokenizerFile.AddedToken;
import org.jspecify.annotations.Nullable;

/**
 * Turns one script into token ids.
 *
 * <p>A Hugging Face tokenizer splits a rendered conversation at its added tokens and runs its model
 * on each stretch between two of them. The same happens here, except that a control token is
 * matched only in template text. Template text and message text between two control tokens are
 * tokenised as one stretch, so that for messages without control tokens the ids are exactly those
 * of the whole rendered text.
 */
final class ScriptEncoder {
  private final ControlTokens control;
  private final NativeTokenizer first;
  private final NativeTokenizer later;
  private final StretchCheck check;

  private final IntList ids = new IntList();
  private final StringBuilder stretch = new StringBuilder();
  private final List<Part> parts = new ArrayList<>();
  private int pieceIndex;
  private boolean atStart = true;
  private boolean stripLeft;

  /** Inspects the tokens of each stretch. */
  interface StretchCheck {
    void accept(Stretch stretch, Tokens tokens);
  }

  /** A boundary in the current stretch whose token index is needed. */
  private record Boundary(int offset, Consumer<Integer> token) {}

  private final List<Boundary> boundaries = new ArrayList<>();
  private final Map<Integer, TokenRange> messages = new TreeMap<>();
  private int responseStart = -1;

  /**
   * @param first tokenizes the first stretch of the text; has no control tokens
   * @param later tokenizes the stretches after control tokens; has no control tokens
   * @param check called with the tokens of each stretch
   */
  ScriptEncoder(
      ControlTokens control, NativeTokenizer first, NativeTokenizer later, StretchCheck check) {
    this.check = check;
    this.control = control;
    this.first = first;
    this.later = later;
  }

  /** The ids, with the start of the response or, if the script has none, the number of ids. */
  EncodedMessages encode(Script script) {
    List<Piece> pieces = script.pieces();
    for (int i = 0; i < pieces.size(); i++) {
      pieceIndex = i;
      if (i == script.responsePiece()) {
        boundary(token -> responseStart = token);
      }
      Piece piece = pieces.get(i);
      boolean ofMessage = piece.message() >= 0;
      if (ofMessage) {
        boundary(token -> messages.putIfAbsent(piece.message(), new TokenRange(token, token)));
      }
      if (piece.trusted()) {
        template(piece.text());
      } else {
        append(piece.text(), 0, piece.text().length(), false);
      }
      if (ofMessage) {
        boundary(
            token ->
                messages.computeIfPresent(
                    piece.message(), (m, range) -> new TokenRange(range.start(), token)));
      }
    }
    flush(null);
    int response = responseStart < 0 ? ids.size() : responseStart;
    return new EncodedMessages(
        new Encoded(ids.toArray(), response), List.copyOf(messages.values()));
  }

  private void boundary(Consumer<Integer> token) {
    boundaries.add(new Boundary(stretch.length(), token));
  }

  private void template(String text) {
    int plain = 0;
    int i = 0;
    while (i < text.length()) {
      AddedToken token = control.at(text, i);
      if (token == null) {
        i++;
        continue;
      }
      append(text, plain, i, true);
      flush(token);
      ids.add(token.id());
      atStart = false;
      stripLeft = token.rstrip();
      i += token.content().length();
      plain = i;
    }
    append(text, plain, text.length(), true);
  }

  private void append(String text, int from, int to, boolean trusted) {
    int start = stretch.length();
    stretch.append(text, from, to);
    parts.add(new Part(pieceIndex, from, start, stretch.length(), trusted));
  }

  private void flush(@Nullable AddedToken next) {
    int start = 0;
    int end = stretch.length();
    if (stripLeft) {
      while (start < end && PythonText.isWhiteSpace(stretch.charAt(start))) {
        start++;
      }
    }
    if (next != null && next.lstrip()) {
      while (end > start && PythonText.isWhiteSpace(stretch.charAt(end - 1))) {
        end--;
      }
    }
    Tokens tokens = null;
    int before = ids.size();
    String text = stretch.substring(start, end);
    if (!text.isEmpty()) {
      tokens = (atStart ? first : later).encode(text, false);
      check.accept(new Stretch(text, within(start, end)), tokens);
      for (long id : tokens.ids()) {
        ids.add(Math.toIntExact(id));
      }
    }
    for (Boundary boundary : boundaries) {
      int within = Math.min(Math.max(boundary.offset - start, 0), text.length());
      boundary.token.accept(before + firstAfter(tokens, text.codePointCount(0, within)));
    }
    boundaries.clear();
    parts.clear();
    atStart &= stretch.length() == 0;
    stretch.setLength(0);
    stripLeft = false;
  }

  /** The parts of the stretch between two of its characters, counted from the first. */
  private List<Part> within(int start, int end) {
    List<Part> within = new ArrayList<>(parts.size());
    for (Part part : parts) {
      int from = Math.max(part.start(), start);
      int to = Math.min(part.end(), end);
      if (from < to) {
        int offset = part.offset() + from - part.start();
        within.add(new Part(part.piece(), offset, from - start, to - start, part.trusted()));
      }
    }
    return within;
  }

  /** The index of the first token with a code point at or after {@code at}. */
  private static int firstAfter(@Nullable Tokens tokens, int at) {
    if (tokens == null) {
      return 0;
    }
    CharSpan[] spans = tokens.spans();
    for (int i = 0; i < spans.length; i++) {
      if (spans[i] != null && spans[i].getEnd() > at) {
        return i;
      }
    }
    return spans.length;
  }
}
