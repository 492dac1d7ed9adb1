package org.alignment4j;

import org.alignment4j.chat.Prompt;
import org.alignment4j.model.EmbeddedPrompt;
import org.jspecify.annotations.Nullable;

/** Two guards, one behind the other; see {@link PromptGuard#then}. */
record GuardChain(PromptGuard first, PromptGuard second) implements PromptGuard {
  @Override
  public Verdict check(Prompt conversation) {
    Verdict one = first.check(conversation);
    if (one.blocks()) {
      return one;
    }
    Verdict.Rewrite rewrite = one instanceof Verdict.Rewrite r ? r : null;
    Verdict two = second.check(rewrite == null ? conversation : rewrite.prompt());
    Verdict both = rewrite == null ? higher(one, two) : behind(rewrite, two);
    return both.took(one.took().plus(two.took()));
  }

  private static Verdict higher(Verdict one, Verdict two) {
    return two instanceof Verdict.Allow
            && !(one.score() <= two.score())
            && !Double.isNaN(one.score())
        ? one
        : two;
  }

  private static Verdict behind(Verdict.Rewrite one, Verdict two) {
    if (two.blocks()) {
      return two;
    }
    if (two instanceof Verdict.Rewrite other) {
      // Embeddings of the first are of a text that the second has changed.
      boolean same = other.prompt().equals(one.prompt());
      @Nullable EmbeddedPrompt embedded =
          other.embedded() == null && same ? one.embedded() : other.embedded();
      return new Verdict.Rewrite(
          other.score(), other.reason(), other.took(), other.prompt(), embedded);
    }
    return one;
  }
}
