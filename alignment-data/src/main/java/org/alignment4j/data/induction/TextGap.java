package org.alignment4j.data.induction;

import java.util.List;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.text.PromptTemplate;

/**
 * A template with one placeholder, whose two sides are needed separately.
 *
 * @param before the text before the placeholder
 * @param after the text after it
 */
record TextGap(String before, String after) {
  /**
   * Reads a bundled template; white space at its ends is removed.
   *
   * @param placeholder the placeholder's name
   */
  static TextGap resource(String name, String placeholder) {
    String text =
        PromptTemplate.resource(TextGap.class, "prompts/" + name, placeholder)
            .text()
            .replace("\r\n", "\n");
    String gap = "{" + placeholder + "}";
    int at = text.indexOf(gap);
    return new TextGap(text.substring(0, at), text.substring(at + gap.length()));
  }

  /**
   * Returns the template with a text in place of the placeholder; the text itself is not
   * interpreted.
   */
  String with(String text) {
    return before + text + after;
  }

  /** Returns the SHA-256, for provenance and names. */
  String hash() {
    return Hashes.sha256(List.of(before, after));
  }
}
