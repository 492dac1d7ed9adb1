package org.alignment4j.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.Serializable;

/**
 * A text from which preference data is made (Safer-Instruct, stage 0). Immutable.
 *
 * @param id unique within its source, never blank
 * @param text the text as in the source, never blank
 * @param category a category such as hate, illegal, nsfw or self-harm; empty if unknown
 * @param source the collection that the text comes from; empty if unknown
 * @param licence an SPDX identifier or expression; empty if unknown
 */
public record SourceText(String id, String text, String category, String source, String licence)
    implements Serializable {
  /**
   * @throws IllegalArgumentException if id or text is blank
   */
  public SourceText {
    require(!id.isBlank(), "a source text needs an id");
    require(!text.isBlank(), "source text %s is blank", id);
  }

  /** The other fields and the length; the text may be private. */
  @Override
  public String toString() {
    return "SourceText[%s, %d characters, category '%s', source '%s', licence '%s']"
        .formatted(id, text.length(), category, source, licence);
  }
}
