package org.alignment4j;

import java.time.Duration;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.AlignmentException;
import org.jspecify.annotations.Nullable;

/**
 * Decides on conversations before a model answers them. Implementations are thread-safe, and hold
 * no state of a conversation: for one whose system prompt is rewritten, check its first message and
 * keep the verdict, so that the model's cache of what was said stays valid.
 */
@FunctionalInterface
public interface PromptGuard {
  /**
   * Decides on one conversation.
   *
   * @param conversation ending with a user message
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  Verdict check(Prompt conversation);

  /** Decides on many, in order; a guard that can run them as a batch does so. */
  default List<Verdict> checkAll(List<Prompt> conversations) {
    return conversations.stream().map(this::check).toList();
  }

  /**
   * What {@link #check} decides, for those who call guards that others wrote.
   *
   * @throws AlignmentException if it gives null
   */
  default Verdict decide(Prompt conversation) {
    return decided(check(conversation));
  }

  /**
   * What {@link #checkAll} decides, likewise.
   *
   * @throws AlignmentException if it gives null, nulls, or more or fewer verdicts than
   *     conversations
   */
  default List<Verdict> decideAll(List<Prompt> conversations) {
    @Nullable List<@Nullable Verdict> given = checkAll(conversations);
    if (given == null || given.size() != conversations.size()) {
      throw new AlignmentException(
          "the guard gave %s verdicts on %d conversations"
              .formatted(given == null ? "no" : given.size(), conversations.size()));
    }
    return given.stream().map(PromptGuard::decided).toList();
  }

  private static Verdict decided(@Nullable Verdict verdict) {
    if (verdict == null) {
      throw new AlignmentException("the guard gave no verdict");
    }
    return verdict;
  }

  /**
   * This guard, then another on what it lets through. The first that blocks ends it. What the first
   * rewrites as text the second sees; of two that give input embeddings the second's stand. If both
   * allow, the verdict is that with the higher score.
   */
  default PromptGuard then(PromptGuard next) {
    return new GuardChain(this, next);
  }

  /**
   * This guard with a time limit, and a verdict instead of what it throws, errors too, and of null.
   * Interrupting the caller still ends it by CancelledException.
   *
   * <p>A call that is late is interrupted and left to a daemon thread. While 8 calls of one guard,
   * or 64 of all guards, have not ended although they were left so, further ones fail at once: a
   * guard that hangs for ever holds these threads and no others.
   *
   * @param deadline most time that {@link #check} takes
   * @param onFailure what is to happen if the guard fails or is late; there is no default
   */
  default PromptGuard within(Duration deadline, OnFailure onFailure) {
    return new TimedGuard(this, deadline, onFailure);
  }

  /** Blocks what a probe scores at its threshold or above. */
  static PromptGuard screening(RefusalProbe probe) {
    return new ProbeGuard(probe, probe.threshold());
  }

  /**
   * Blocks what a probe scores at a threshold or above that at most a share of benign prompts
   * reach.
   *
   * @param benign prompts to answer, that the probe was not made with
   * @param harmful prompts to refuse, likewise
   * @param falsePositiveRate the share of {@code benign} that may be blocked, in [0, 1]
   */
  static PromptGuard screening(
      RefusalProbe probe, List<Prompt> benign, List<Prompt> harmful, double falsePositiveRate) {
    return new ProbeGuard(probe, ProbeGuard.threshold(probe, benign, harmful, falsePositiveRate));
  }

  /** What a guard that fails, gives no verdict or is late stands for. */
  public enum OnFailure {
    /** Fail open: answer, unguarded. */
    ALLOW,
    /** Fail closed: do not answer. */
    BLOCK
  }
}
