package org.alignment4j.data.synthesis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.alignment4j.core.Hashes;

/**
 * A text with one gap.
 *
 * @param before what stands before the gap
 * @param after what stands behind it
 */
record PromptTemplate(String before, String after) {
  /**
   * Reads a template that ships with the library; white space at its end is no part of it.
   *
   * @param gap how the file marks the gap
   */
  static PromptTemplate resource(String name, String gap) {
    try (InputStream in = PromptTemplate.class.getResourceAsStream("prompts/" + name)) {
      if (in == null) {
        throw new IllegalStateException("the library's file " + name + " is missing");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      String plain = text.replace("\r\n", "\n").stripTrailing();
      int at = plain.indexOf(gap);
      if (at < 0) {
        throw new IllegalStateException("the library's file " + name + " has no " + gap);
      }
      return new PromptTemplate(plain.substring(0, at), plain.substring(at + gap.length()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The whole with a text in the gap, which is not looked into. */
  String with(String text) {
    return before + text + after;
  }

  /** SHA-256, for provenance and names. */
  String hash() {
    return Hashes.sha256(List.of(before, after));
  }
}
