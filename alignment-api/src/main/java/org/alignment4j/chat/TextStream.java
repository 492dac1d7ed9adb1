package org.alignment4j.chat;

import java.util.Arrays;

/**
 * A streaming decoder of one sequence's tokens. A token may contain part of a character; only
 * complete characters are returned. All returned pieces, joined, are the text of all tokens.
 *
 * <p>Used for one sequence; not thread-safe. Created by {@link ChatTokenizer#stream()}.
 */
public final class TextStream {
  /** Maximum tokens of an incomplete character, which has at most four bytes. */
  private static final int MAX_PENDING = 8;

  private final ChatTokenizer tokenizer;
  private int[] window = new int[32];
  private int size;
  private int emitted;

  TextStream(ChatTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Decodes the next token.
   *
   * @param id a token id; ids of special tokens add nothing
   * @return the text that is now complete, often one word, possibly empty
   * @throws IllegalArgumentException if the id is negative
   */
  public String next(int id) {
    if (size == window.length) {
      window = Arrays.copyOf(window, 2 * size);
    }
    window[size++] = id;
    return emit(size - emitted >= MAX_PENDING);
  }

  /** Ends the sequence and returns the remaining text, incomplete characters as U+FFFD. */
  public String finish() {
    String rest = emit(true);
    size = 0;
    emitted = 0;
    return rest;
  }

  private String emit(boolean evenIfIncomplete) {
    // A token's text depends on the token before it (its leading space), so the window keeps the
    // tokens of the last output and the new text is what they gain.
    String before = tokenizer.decode(Arrays.copyOf(window, emitted));
    String now = tokenizer.decode(Arrays.copyOf(window, size));
    boolean incomplete = now.endsWith("\uFFFD");
    if (now.length() <= before.length() || (incomplete && !evenIfIncomplete)) {
      return "";
    }
    int kept = size - emitted;
    System.arraycopy(window, emitted, window, 0, kept);
    size = kept;
    emitted = kept;
    return now.substring(before.length());
  }
}
