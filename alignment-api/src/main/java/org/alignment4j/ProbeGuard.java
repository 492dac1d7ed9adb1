package org.alignment4j;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.alignment4j.analysis.Roc;
import org.alignment4j.chat.Prompt;
import org.alignment4j.internal.host.Cancellation;

/** Blocks by a probe's score, and also a conversation that the model cannot process. */
record ProbeGuard(RefusalProbe probe, double threshold) implements PromptGuard {
  static double threshold(
      RefusalProbe probe, List<Prompt> benign, List<Prompt> harmful, double falsePositiveRate) {
    return Roc.of(probe.scores(harmful), probe.scores(benign)).thresholdAt(falsePositiveRate);
  }

  @Override
  public Verdict check(Prompt conversation) {
    Cancellation.check("guarding");
    long start = System.nanoTime();
    double score;
    try {
      score = probe.score(conversation);
    } catch (IllegalArgumentException e) {
      return new Verdict.Block(
          Double.NaN, "the model cannot read it: " + e.getMessage(), since(start));
    }
    return verdict(score, since(start));
  }

  @Override
  public List<Verdict> checkAll(List<Prompt> conversations) {
    if (conversations.isEmpty()) {
      return List.of();
    }
    Cancellation.check("guarding");
    long start = System.nanoTime();
    double[] scores;
    try {
      scores = probe.scores(conversations);
    } catch (IllegalArgumentException e) {
      return conversations.stream().map(this::check).toList(); // finds those that cannot be read
    }
    Duration each = since(start).dividedBy(scores.length);
    return Arrays.stream(scores).mapToObj(s -> verdict(s, each)).toList();
  }

  private Verdict verdict(double score, Duration elapsed) {
    boolean blocked = !(score < threshold);
    String reason =
        String.format(
            Locale.ROOT,
            "score %.3f is %s %.3f",
            score,
            blocked ? "not below" : "below",
            threshold);
    return blocked
        ? new Verdict.Block(score, reason, elapsed)
        : new Verdict.Allow(score, reason, elapsed);
  }

  static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
