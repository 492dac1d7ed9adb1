package org.alignment4j;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.EmbeddedPrompt;
import org.jspecify.annotations.Nullable;

/** Two guards, one after the other; see {@link PromptGuard#then}. */
record GuardChain(PromptGuard first, PromptGuard second) implements PromptGuard {
  @Override
  public Verdict check(Prompt conversation) {
    Verdict one = first.requireVerdict(conversation);
    return one.blocks() ? one : both(one, second.requireVerdict(inputOfSecond(one, conversation)));
  }

  @Override
  public List<Verdict> checkAll(List<Prompt> conversations) {
    List<Verdict> ones = first.requireVerdicts(conversations);
    List<Prompt> passed = new ArrayList<>();
    for (int i = 0; i < ones.size(); i++) {
      if (!ones.get(i).blocks()) {
        passed.add(inputOfSecond(ones.get(i), conversations.get(i)));
      }
    }
    Iterator<Verdict> twos = second.requireVerdicts(passed).iterator();
    return ones.stream().map(one -> one.blocks() ? one : both(one, twos.next())).toList();
  }

  private static Prompt inputOfSecond(Verdict one, Prompt conversation) {
    return one instanceof Verdict.Rewrite rewrite ? rewrite.prompt() : conversation;
  }

  private static Verdict both(Verdict one, Verdict two) {
    Verdict both = one instanceof Verdict.Rewrite r ? afterRewrite(r, two) : higher(one, two);
    return both.withElapsed(one.elapsed().plus(two.elapsed()));
  }

  private static Verdict higher(Verdict one, Verdict two) {
    return two instanceof Verdict.Allow
            && !(one.score() <= two.score())
            && !Double.isNaN(one.score())
        ? one
        : two;
  }

  private static Verdict afterRewrite(Verdict.Rewrite one, Verdict two) {
    if (two.blocks()) {
      return two;
    }
    if (two instanceof Verdict.Rewrite other) {
      // The first guard's embeddings are invalid if the second changed the text.
      boolean same = other.prompt().equals(one.prompt());
      @Nullable EmbeddedPrompt embedded =
          other.embedded() == null && same ? one.embedded() : other.embedded();
      return new Verdict.Rewrite(
          other.score(), other.reason(), other.elapsed(), other.prompt(), embedded);
    }
    return one;
  }
}
