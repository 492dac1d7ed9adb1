package org.alignment4j.data.induction;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The words that put a response to a model that has to give its instruction (Safer-Instruct, stage
 * 1).
 */
public enum ReversedTemplate {
  /** This library's, shorter by a third than the authors'. */
  SHORT("reversed.txt"),
  /** As the authors released it, in the readme of their data's repository. */
  RELEASED("reversed-released.txt");

  private final String before;
  private final String after;

  ReversedTemplate(String resource) {
    TextGap text = TextGap.resource(resource, "response");
    this.before = text.before();
    this.after = text.after();
  }

  TextGap text() {
    return new TextGap(before, after);
  }

  /** The template of a hash, as {@link TextGap#hash()} makes it; empty for any other value. */
  static Optional<ReversedTemplate> ofHash(@Nullable Object hash) {
    return Arrays.stream(values()).filter(t -> t.text().hash().equals(hash)).findFirst();
  }
}
