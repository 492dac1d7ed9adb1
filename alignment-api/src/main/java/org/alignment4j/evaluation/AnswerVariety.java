package org.alignment4j.evaluation;

import java.nio.IntBuffer;
import java.util.HashSet;
import java.util.Set;
import org.alignment4j.evaluation.PreferenceReport.AnswerScore;
import org.alignment4j.model.Completion;

/** Measures the variety of an answer by the n-grams of its tokens. */
final class AnswerVariety {
  private static final int LONG = 4;

  private AnswerVariety() {}

  static AnswerScore of(String id, Completion answer) {
    int[] ids = answer.ids();
    return new AnswerScore(
        id,
        ids.length,
        answer.finish() == Completion.Finish.LENGTH,
        1 - distinct(ids, LONG),
        distinct(ids, 1),
        distinct(ids, 2));
  }

  /** The number of distinct n-grams divided by the number of n-grams; NaN if there are none. */
  private static double distinct(int[] ids, int n) {
    int all = ids.length - n + 1;
    if (all <= 0) {
      return Double.NaN;
    }
    // Buffers are equal if their elements between position and limit are.
    Set<IntBuffer> different = new HashSet<>();
    for (int i = 0; i < all; i++) {
      different.add(IntBuffer.wrap(ids, i, n).slice());
    }
    return (double) different.size() / all;
  }
}
