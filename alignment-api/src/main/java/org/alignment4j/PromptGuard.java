package org.alignment4j;

import java.time.Duration;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.AlignmentException;
import org.jspecify.annotations.Nullable;

/**
 * Checks conversations before a model responds to them: a verdict allows, blocks or rewrites.
 * Implementations are thread-safe and keep no state per conversation. If a guard rewrites the
 * system prompt, check a conversation's first message only and reuse the verdict, so that the
 * model's cached tokens stay valid.
 */
@FunctionalInterface
public interface PromptGuard {
  /**
   * Checks one conversation.
   *
   * @param conversation a conversation that ends with a user message
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  Verdict check(Prompt conversation);

  /**
   * Checks many conversations; verdict i is of conversation i. Override this to run them as a
   * batch.
   */
  default List<Verdict> checkAll(List<Prompt> conversations) {
    return conversations.stream().map(this::check).toList();
  }

  /**
   * Returns the verdict of {@link #check}, never null. Callers of a guard that somebody else wrote
   * use this.
   *
   * @throws AlignmentException if {@code check} returns null
   */
  default Verdict requireVerdict(Prompt conversation) {
    return nonNull(check(conversation));
  }

  /**
   * Returns the verdicts of {@link #checkAll}, one per conversation and none of them null.
   *
   * @throws AlignmentException if {@code checkAll} returns null, a null verdict, or more or fewer
   *     verdicts than conversations
   */
  default List<Verdict> requireVerdicts(List<Prompt> conversations) {
    @Nullable List<@Nullable Verdict> verdicts = checkAll(conversations);
    if (verdicts == null || verdicts.size() != conversations.size()) {
      throw new AlignmentException(
          "the guard returned %s verdicts for %d conversations"
              .formatted(verdicts == null ? "no" : verdicts.size(), conversations.size()));
    }
    return verdicts.stream().map(PromptGuard::nonNull).toList();
  }

  private static Verdict nonNull(@Nullable Verdict verdict) {
    if (verdict == null) {
      throw new AlignmentException("the guard returned no verdict");
    }
    return verdict;
  }

  /**
   * Returns a guard that runs this guard and, unless it blocks, {@code next}. {@code next} sees a
   * conversation as this guard rewrote it; if both return input embeddings, those of {@code next}
   * are used. If both allow, the verdict is the one with the higher score.
   */
  default PromptGuard then(PromptGuard next) {
    return new GuardChain(this, next);
  }

  /**
   * Returns this guard with a time limit; if it throws an exception or error or returns null,
   * {@code onFailure} determines the verdict. An interrupt of the caller still throws
   * CancelledException.
   *
   * <p>A call that exceeds the limit is interrupted and abandoned on its daemon thread. While 8
   * abandoned calls of one guard, or 64 of all guards, are still running, further calls fail at
   * once, which bounds the number of threads that a hanging guard can hold.
   *
   * @param deadline maximum duration of {@link #check}, above 0
   * @param onFailure the verdict if the guard fails or times out; there is no default
   */
  default PromptGuard within(Duration deadline, OnFailure onFailure) {
    return new TimedGuard(this, deadline, onFailure);
  }

  /**
   * Returns a guard that blocks conversations whose probe score is at or above the probe's
   * threshold.
   */
  static PromptGuard screening(RefusalProbe probe) {
    return new ProbeGuard(probe, probe.threshold());
  }

  /**
   * Returns a guard that blocks conversations whose probe score is at or above a threshold, chosen
   * such that at most {@code falsePositiveRate} of the benign prompts reach it.
   *
   * @param benign prompts to allow, which the probe was not made with
   * @param harmful prompts to block, which the probe was not made with
   * @param falsePositiveRate the share of {@code benign} that may be blocked, in [0, 1]
   */
  static PromptGuard screening(
      RefusalProbe probe, List<Prompt> benign, List<Prompt> harmful, double falsePositiveRate) {
    return new ProbeGuard(probe, ProbeGuard.threshold(probe, benign, harmful, falsePositiveRate));
  }

  /** The verdict used when a guard throws, returns null or times out. */
  public enum OnFailure {
    /** Fail open: the conversation is allowed, unchecked. */
    ALLOW,
    /** Fail closed: the conversation is blocked. */
    BLOCK
  }
}
