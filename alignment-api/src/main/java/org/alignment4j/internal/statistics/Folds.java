package org.alignment4j.internal.statistics;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The folds of a cross-validation over two classes: each fold is scored by a fit to all others.
 * Items are assigned in turn, so that sorted files are mixed; equal items are in the same fold, so
 * that none is scored by a fit to its copy. Immutable.
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
   * Assigns items to folds.
   *
   * @param max maximum number of folds, at least 2
   * @return {@code max} folds, or as many as there are distinct items in the smaller class if these
   *     are fewer; 1 if a class has fewer than two, which cannot be cross-validated
   */
  public static Folds of(List<?> positives, List<?> negatives, int max) {
    require(max >= 2, "folds must be at least 2, was %d", max);
    int distinct = Math.min(new HashSet<>(positives).size(), new HashSet<>(negatives).size());
    int count = Math.max(1, Math.min(max, distinct));
    return new Folds(count, dealt(positives, count), dealt(negatives, count));
  }

  private static int[] dealt(List<?> items, int count) {
    Map<Object, Integer> first = new HashMap<>();
    return items.stream()
        .mapToInt(item -> first.computeIfAbsent(item, i -> first.size() % count))
        .toArray();
  }

  /** The number of folds, at least 1. */
  public int count() {
    return count;
  }

  /** Whether there is more than one fold. */
  public boolean validates() {
    return count > 1;
  }

  /** Indices of the positive items in a fold, ascending. */
  public int[] positives(int fold) {
    return where(positives, fold, true);
  }

  /** Indices of the negative items in a fold, ascending. */
  public int[] negatives(int fold) {
    return where(negatives, fold, true);
  }

  /** Indices of the positive items in all other folds, ascending. */
  public int[] otherPositives(int fold) {
    return where(positives, fold, false);
  }

  /** Indices of the negative items in all other folds, ascending. */
  public int[] otherNegatives(int fold) {
    return where(negatives, fold, false);
  }

  private static int[] where(int[] folds, int fold, boolean inside) {
    return IntStream.range(0, folds.length).filter(i -> (folds[i] == fold) == inside).toArray();
  }
}
