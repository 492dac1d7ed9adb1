package org.alignment4j.data.filter;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.alignment4j.data.internal.NormalText;

/**
 * Hashes of a text's runs of words, or of the whole if it is shorter than one.
 *
 * @param words number of words of a run
 * @param values [runs] hashes by the run's first word
 */
record TextHashes(int words, long[] values) {
  static TextHashes of(String text, int run) {
    List<String> words = NormalText.of(text).words();
    MessageDigest digest = digest();
    int length = Math.min(run, words.size());
    long[] values = new long[words.size() - length + 1];
    for (int i = 0; i < values.length; i++) {
      String joined = String.join(" ", words.subList(i, i + length));
      byte[] bytes = digest.digest(joined.getBytes(StandardCharsets.UTF_8));
      values[i] = ByteBuffer.wrap(bytes).getLong();
    }
    return new TextHashes(length, values);
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
