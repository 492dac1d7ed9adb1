package org.alignment4j.chat;

import java.util.Arrays;

/**
 * The text of one sequence as its tokens arrive. A token may hold part of a character; text comes
 * out only in complete characters, and all that came out, joined, is the text of all tokens.
 *
 * <p>Belongs to one sequence and one thread at a time. Made by {@link ChatTokenizer#stream()}.
 */
public final class TextStream {
  /** A character has at most four bytes, so more pending tokens are no unfinished character. */
  private static final int MOST_PENDING = 8;

  private final ChatTokenizer tokenizer;
  private int[] window = new int[32];
  private int size;
  private int emitted;

  TextStream(ChatTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Takes the next token.
   *
   * @param id a token id; ids of special tokens add nothing
   * @return the text that is complete now, often one word, possibly empty
   * @throws IllegalArgumentException if the id is negative
   */
  public String next(int id) {
    if (size == window.length) {
      window = Arrays.copyOf(window, 2 * size);
    }
    window[size++] = id;
    return emit(size - emitted >= MOST_PENDING);
  }

  /** The end of the sequence: whatever is still held back, broken characters as U+FFFD. */
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
