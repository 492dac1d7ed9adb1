package org.alignment4j.data.induction;

import java.util.List;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.text.PromptTemplate;

/**
 * A text with one gap, whose two sides are needed apart.
 *
 * @param before what stands before the gap
 * @param after what stands behind it
 */
record TextGap(String before, String after) {
  /**
   * Reads a template that comes along; white space at its ends is no part of it.
   *
   * @param place the gap's name
   */
  static TextGap resource(String name, String place) {
    String text =
        PromptTemplate.resource(TextGap.class, "prompts/" + name, place)
            .text()
            .replace("\r\n", "\n");
    String gap = "{" + place + "}";
    int at = text.indexOf(gap);
    return new TextGap(text.substring(0, at), text.substring(at + gap.length()));
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
