package org.alignment4j;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.EmbeddedPrompt;
import org.jspecify.annotations.Nullable;

/** What a {@link PromptGuard} says about a conversation. Immutable. */
public sealed interface Verdict {
  /**
   * How far the guard takes the conversation for harmful, on the guard's own scale; NaN if it has
   * none.
   */
  double score();

  /** Why, for a log: holds nothing of what was said in the conversation. */
  String reason();

  /** How long the guard took. */
  Duration elapsed();

  /** The same verdict with another time. */
  Verdict withElapsed(Duration time);

  /** Whether the conversation is not to be answered. */
  default boolean blocks() {
    return this instanceof Block;
  }

  /**
   * The verdict as plain values, for a log or another framework's metadata: {@code guard.verdict},
   * which is {@code ALLOW}, {@code BLOCK} or {@code REWRITE}, {@code guard.score} unless there is
   * none, {@code guard.reason} and {@code guard.millis}. Holds nothing of what was said.
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
   * Answer the conversation as it is.
   *
   * @param score as {@link Verdict#score}
   * @param reason as {@link Verdict#reason}
   * @param elapsed as {@link Verdict#elapsed()}
   */
  record Allow(double score, String reason, Duration elapsed) implements Verdict {
    /** Neither reason nor time may be null. */
    public Allow {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(elapsed, "elapsed");
    }

    @Override
    public Allow withElapsed(Duration time) {
      return new Allow(score, reason, time);
    }
  }

  /**
   * Do not answer it.
   *
   * @param score as {@link Verdict#score}
   * @param reason as {@link Verdict#reason}
   * @param elapsed as {@link Verdict#elapsed()}
   */
  record Block(double score, String reason, Duration elapsed) implements Verdict {
    /** Neither reason nor time may be null. */
    public Block {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(elapsed, "elapsed");
    }

    @Override
    public Block withElapsed(Duration time) {
      return new Block(score, reason, time);
    }
  }

  /**
   * Answer this instead.
   *
   * @param score as {@link Verdict#score}
   * @param reason as {@link Verdict#reason}
   * @param elapsed as {@link Verdict#elapsed()}
   * @param prompt the conversation to answer, as text; any model can
   * @param embedded the same with input embeddings in place of its system message's tokens, in
   *     their order, for the local model that the guard was made for; to be used instead of the
   *     text; null if text is all there is
   */
  record Rewrite(
      double score,
      String reason,
      Duration elapsed,
      Prompt prompt,
      @Nullable EmbeddedPrompt embedded)
      implements Verdict {
    /** Neither reason, time nor prompt may be null. */
    public Rewrite {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(elapsed, "elapsed");
      Objects.requireNonNull(prompt, "prompt");
    }

    @Override
    public Rewrite withElapsed(Duration time) {
      return new Rewrite(score, reason, time, prompt, embedded);
    }

    /** Without what was said. */
    @Override
    public String toString() {
      return "Rewrite[score=" + score + ", reason=" + reason + ", elapsed=" + elapsed + "]";
    }
  }
}
