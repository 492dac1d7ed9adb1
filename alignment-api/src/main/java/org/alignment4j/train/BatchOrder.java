package org.alignment4j.train;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Assigns rows to steps: every row once per epoch, in an order that is a pure function of seed and
 * epoch.
 */
final class BatchOrder {
  /**
   * Number of batches among which rows are sorted by length: enough to save padding, few enough to
   * stay random.
   */
  private static final int BATCHES_SORTED_TOGETHER = 50;

  private final TrainingSettings settings;
  private final int rows;
  private final int @Nullable [] lengths;
  private long epoch = -1;
  private int[][] batches = {};

  /**
   * @param lengths of the rows, in tokens; null if unknown
   */
  BatchOrder(TrainingSettings settings, int rows, int @Nullable [] lengths) {
    require(
        lengths != null || (!settings.groupByLength() && settings.microBatchTokens() == 0),
        "groupByLength and microBatchTokens need the loop's length function");
    this.settings = settings;
    this.rows = rows;
    this.lengths = lengths;
  }

  /** The micro batches of one optimizer step, as row indices; together they are its batch. */
  List<int[]> microBatches(long step) {
    int perEpoch = settings.stepsPerEpoch(rows);
    if (step / perEpoch != epoch) {
      epoch = step / perEpoch;
      batches = batches(epoch);
    }
    return split(batches[(int) (step % perEpoch)]);
  }

  private int[][] batches(long epoch) {
    int size = settings.batchSize();
    long seed = Seeds.ofEpoch(settings.seed(), epoch);
    int[] order = new int[rows];
    Arrays.setAll(order, i -> i);
    Seeds.shuffle(order, seed);
    int[] batchOrder = new int[settings.stepsPerEpoch(rows)];
    Arrays.setAll(batchOrder, i -> i);
    if (settings.groupByLength() && lengths != null) {
      long window = (long) size * BATCHES_SORTED_TOGETHER;
      for (long from = 0; from < rows; from += window) {
        int to = (int) Math.min(rows, from + window);
        int[] sorted = longestFirst(Arrays.copyOfRange(order, (int) from, to), lengths);
        System.arraycopy(sorted, 0, order, (int) from, sorted.length);
      }
      Seeds.shuffle(batchOrder, ~seed);
    }
    int[][] result = new int[batchOrder.length][];
    for (int i = 0; i < result.length; i++) {
      long from = (long) batchOrder[i] * size;
      result[i] = Arrays.copyOfRange(order, (int) from, (int) Math.min(rows, from + size));
    }
    return result;
  }

  private List<int[]> split(int[] batch) {
    int[] sorted = lengths == null ? batch : longestFirst(batch, lengths);
    List<int[]> parts = new ArrayList<>();
    for (int from = 0; from < sorted.length; ) {
      int count = Math.min(settings.microBatchSize(), sorted.length - from);
      if (lengths != null && settings.microBatchTokens() > 0) {
        int longest = Math.max(1, lengths[sorted[from]]);
        count = Math.max(1, Math.min(count, settings.microBatchTokens() / longest));
      }
      parts.add(Arrays.copyOfRange(sorted, from, from + count));
      from += count;
    }
    return parts;
  }

  private static int[] longestFirst(int[] rows, int[] lengths) {
    return Arrays.stream(rows)
        .boxed()
        .sorted(Comparator.comparingInt((Integer row) -> lengths[row]).reversed()) // stable
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
