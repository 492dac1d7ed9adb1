package org.alignment4j.internal.statistics;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The parts of a cross-validation over two classes: each part is scored by a fit to all others.
 * Items are dealt out in turn, so that files in some order are mixed; equal ones go to the same
 * part, so that none is scored by a fit that has seen it. Immutable.
 */
public final class Folds {
  private final int count;
  private final int[] positives;
  private final int[] negatives;

  private Folds(int count, int[] positives, int[] negatives) {
    this.count = count;
    this.positives = positives;
    this.negatives = negatives;
  }

  /**
   * Deals items out.
   *
   * @param most parts wanted, at least 2
   * @return with as many parts as there are different items in the smaller class, if these are
   *     fewer; 1 where a class has fewer than two, which cannot be cross-validated
   */
  public static Folds of(List<?> positives, List<?> negatives, int most) {
    require(most >= 2, "folds must be at least 2, was %d", most);
    int different = Math.min(new HashSet<>(positives).size(), new HashSet<>(negatives).size());
    int count = Math.max(1, Math.min(most, different));
    return new Folds(count, dealt(positives, count), dealt(negatives, count));
  }

  private static int[] dealt(List<?> items, int count) {
    Map<Object, Integer> first = new HashMap<>();
    return items.stream()
        .mapToInt(item -> first.computeIfAbsent(item, i -> first.size() % count))
        .toArray();
  }

  /** The number of parts, at least 1. */
  public int count() {
    return count;
  }

  /** Whether there is more than one part. */
  public boolean validates() {
    return count > 1;
  }

  /** Numbers of the positive items in a part, ascending. */
  public int[] positives(int fold) {
    return where(positives, fold, true);
  }

  /** Numbers of the negative items in a part, ascending. */
  public int[] negatives(int fold) {
    return where(negatives, fold, true);
  }

  /** Numbers of the positive items in all other parts, ascending. */
  public int[] otherPositives(int fold) {
    return where(positives, fold, false);
  }

  /** Numbers of the negative items in all other parts, ascending. */
  public int[] otherNegatives(int fold) {
    return where(negatives, fold, false);
  }

  private static int[] where(int[] folds, int fold, boolean inside) {
    return IntStream.range(0, folds.length).filter(i -> (folds[i] == fold) == inside).toArray();
  }
}
