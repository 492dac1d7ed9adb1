package org.alignment4j;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.EmbeddedPrompt;
import org.jspecify.annotations.Nullable;

/** A {@link PromptGuard}'s decision on a conversation: allow, block or rewrite. Immutable. */
public sealed interface Verdict {
  /**
   * The harmfulness score on the guard's own scale, higher for more harmful; NaN if the guard has
   * none.
   */
  double score();

  /** The reason, for a log: contains no text of the conversation. */
  String reason();

  /** The time that the guard took. */
  Duration elapsed();

  /** Returns this verdict with another elapsed time. */
  Verdict withElapsed(Duration newElapsed);

  /** Whether the model must not respond to the conversation. */
  default boolean blocks() {
    return this instanceof Block;
  }

  /**
   * The verdict as plain values, for a log or another framework's metadata: {@code guard.verdict},
   * which is {@code ALLOW}, {@code BLOCK} or {@code REWRITE}, {@code guard.score} unless it is NaN,
   * {@code guard.reason} and {@code guard.millis}. Contains no text of the conversation.
   */
  default Map<String, Object> asMap() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("guard.verdict", getClass().getSimpleName().toUpperCase(Locale.ROOT));
    if (!Double.isNaN(score())) {
      values.put("guard.score", score());
    }
    values.put("guard.reason", reason());
    values.put("guard.millis", elapsed().toMillis());
    return values;
  }

  /**
   * The model may respond to the conversation as it is.
   *
   * @param score as {@link Verdict#score}
   * @param reason as {@link Verdict#reason}
   * @param elapsed as {@link Verdict#elapsed()}
   */
  record Allow(double score, String reason, Duration elapsed) implements Verdict {
    /** Neither reason nor elapsed time may be null. */
    public Allow {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(elapsed, "elapsed");
    }

    @Override
    public Allow withElapsed(Duration newElapsed) {
      return new Allow(score, reason, newElapsed);
    }
  }

  /**
   * The model must not respond.
   *
   * @param score as {@link Verdict#score}
   * @param reason as {@link Verdict#reason}
   * @param elapsed as {@link Verdict#elapsed()}
   */
  record Block(double score, String reason, Duration elapsed) implements Verdict {
    /** Neither reason nor elapsed time may be null. */
    public Block {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(elapsed, "elapsed");
    }

    @Override
    public Block withElapsed(Duration newElapsed) {
      return new Block(score, reason, newElapsed);
    }
  }

  /**
   * The model responds to this conversation instead.
   *
   * @param score as {@link Verdict#score}
   * @param reason as {@link Verdict#reason}
   * @param elapsed as {@link Verdict#elapsed()}
   * @param prompt the rewritten conversation as text, for any model
   * @param embedded the same conversation with input embeddings in place of the system message's
   *     tokens, in their order; for the local model that the guard was made for, which uses it
   *     instead of the text; null if there is only text
   */
  record Rewrite(
      double score,
      String reason,
      Duration elapsed,
      Prompt prompt,
      @Nullable EmbeddedPrompt embedded)
      implements Verdict {
    /** Neither reason, elapsed time nor prompt may be null. */
    public Rewrite {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(elapsed, "elapsed");
      Objects.requireNonNull(prompt, "prompt");
    }

    @Override
    public Rewrite withElapsed(Duration newElapsed) {
      return new Rewrite(score, reason, newElapsed, prompt, embedded);
    }

    /** Contains no text of the conversation. */
    @Override
    public String toString() {
      return "Rewrite[score=" + score + ", reason=" + reason + ", elapsed=" + elapsed + "]";
    }
  }
}
