package org.alignment4j.chat;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntFunction;
import org.alignment4j.chat.NativeTokenizer.Tokens;

/**
 * The bytes of a stretch's tokens and the range of its text that each came from. This is the
 * model's input, after normaliser and pre-tokeniser.
 */
final class TokenView {
  private final String text;
  private final CharSpan[] spans;
  private final String bytes;

  /** The offset in the bytes at which each token starts; [T + 1]. */
  private final int[] starts;

  private int[] offsets = {};

  /**
   * @param text the tokenised text
   * @param spelling the bytes of a token
   */
  TokenView(String text, Tokens tokens, IntFunction<String> spelling) {
    this.text = text;
    this.spans = tokens.spans();
    long[] ids = tokens.ids();
    this.starts = new int[ids.length + 1];
    StringBuilder all = new StringBuilder(text.length() + 16);
    for (int i = 0; i < ids.length; i++) {
      all.append(spelling.apply(Math.toIntExact(ids[i])));
      starts[i + 1] = all.length();
    }
    this.bytes = all.toString();
  }

  String bytes() {
    return bytes;
  }

  /**
   * The range in the text, [start, end), of a range of bytes. If a token has other bytes than its
   * text, the normaliser changed it, and its whole text is included.
   */
  int[] range(int from, int to) {
    int first = tokenAt(from);
    int last = tokenAt(to - 1);
    int start = exact(first) ? after(first, from - starts[first]) : start(first);
    int end = exact(last) ? after(last, to - starts[last]) : end(last);
    return new int[] {start, Math.max(start, end)};
  }

  /** Whether both ends of a range of bytes are known to the character. */
  boolean isExact(int from, int to) {
    return exact(tokenAt(from)) && exact(tokenAt(to - 1));
  }

  /** The offset in the text at which a token starts. */
  int start(int token) {
    for (int i = token; i >= 0; i--) {
      if (spans[i] != null) {
        return offset(i == token ? spans[i].getStart() : spans[i].getEnd());
      }
    }
    return 0;
  }

  /** The offset in the text at which a token ends. */
  int end(int token) {
    for (int i = token; i < spans.length; i++) {
      if (spans[i] != null) {
        return offset(i == token ? spans[i].getEnd() : spans[i].getStart());
      }
    }
    return text.length();
  }

  private int tokenAt(int offset) {
    int found = Arrays.binarySearch(starts, offset);
    int token = found >= 0 ? found : -found - 2;
    // Tokens without bytes start where the next one does.
    while (token + 1 < starts.length && starts[token + 1] <= offset) {
      token++;
    }
    return token;
  }

  private boolean exact(int token) {
    int start = start(token);
    int end = end(token);
    int length = starts[token + 1] - starts[token];
    if (end < start || end - start > length) {
      return false;
    }
    return text.substring(start, end).getBytes(StandardCharsets.UTF_8).length == length;
  }

  /** The offset in the text after the given number of bytes of a token. */
  private int after(int token, int bytesBefore) {
    int at = start(token);
    int left = bytesBefore;
    while (left > 0) {
      int codePoint = text.codePointAt(at);
      left -= codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
      at += Character.charCount(codePoint);
    }
    return at;
  }

  /** The offset of a code point by its number. */
  private int offset(int codePoint) {
    if (offsets.length == 0) {
      offsets = new int[text.codePointCount(0, text.length()) + 1];
      int at = 0;
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = at;
        at += at < text.length() ? Character.charCount(text.codePointAt(at)) : 0;
      }
    }
    return offsets[Math.min(codePoint, offsets.length - 1)];
  }
}
