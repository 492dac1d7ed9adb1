package org.alignment4j.internal.tensor;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.CheckpointException;

/**
 * Finds the matrices of a checkpoint that low-rank products change, and adds scale B A to them row
 * by row.
 */
public final class LowRankMerge {
  /** Half precision rounds numbers from here on to infinity. */
  private static final double HALF_LIMIT = 65520;

  private final Checkpoint checkpoint;

  private LowRankMerge(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /**
   * A change of one matrix. The arrays are not copied.
   *
   * @param block the number of the block, from 0 on
   * @param module the matrix's name within the block, e.g. {@code self_attn.q_proj}
   * @param in size of the matrix's input
   * @param out size of its output
   * @param rank r
   * @param scale factor of B A
   * @param a A [r, in], row-major
   * @param b B [out, r], row-major
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Target(
      int block, String module, int in, int out, int rank, double scale, float[] a, float[] b) {
    private String tensor(String of) {
      return "model.layers." + block + "." + of + ".weight";
    }
  }

  /**
   * A target in a matrix that may hold several modules one after another.
   *
   * @param first its first row in the matrix
   */
  public record Rows(long first, Target target) {}

  /**
   * The targets by the name of the base's tensor that holds them.
   *
   * @throws CheckpointException if the base lacks a matrix or it has another shape
   */
  public static Map<String, List<Rows>> places(Checkpoint base, List<Target> targets) {
    LowRankMerge merge = new LowRankMerge(base);
    Map<String, List<Rows>> byTensor = new LinkedHashMap<>();
    for (Target t : targets) {
      String name = t.tensor(t.module);
      String fused =
          BlockWeight.ofModule(t.module).map(w -> t.tensor(w.wholeModule())).orElse(name);
      boolean whole = base.contains(name) || !base.contains(fused);
      String stored = whole ? name : fused;
      long[] shape = base.info(stored).shape();
      long first = whole ? 0 : merge.firstRow(t, stored, shape);
      if (shape.length != 2 || shape[1] != t.in || (whole && shape[0] != t.out)) {
        throw WeightChange.misfit(base, stored, shape, new long[] {t.out, t.in});
      }
      byTensor.computeIfAbsent(stored, n -> new ArrayList<>()).add(new Rows(first, t));
    }
    return byTensor;
  }

  /**
   * The changes by the base's tensor names.
   *
   * @throws CheckpointException if the base lacks a matrix or it has another shape
   */
  public static Map<String, WeightChange> changes(Checkpoint base, List<Target> targets) {
    Map<String, WeightChange> changes = new LinkedHashMap<>();
    places(base, targets).forEach((name, rows) -> changes.put(name, change(rows)));
    return changes;
  }

  /** The change of one tensor, whichever its name. */
  public static WeightChange change(List<Rows> rows) {
    return (file, info) -> (first, into) -> fill(file, info, rows, first, into);
  }

  private long heads(String key) {
    return ModelFiles.heads(checkpoint.origin(), key);
  }

  /** The first row of a target in a matrix that stores several modules one after another. */
  private long firstRow(Target t, String stored, long[] shape) {
    long rows = shape.length == 2 ? shape[0] : 0;
    BlockWeight matrix = BlockWeight.ofModule(t.module).orElseThrow();
    List<Long> sizes =
        matrix == BlockWeight.QKV
            ? matrix.rows(rows, heads("num_attention_heads"), heads("num_key_value_heads"))
            : matrix.rows(rows, 1, 1);
    int part = matrix.modules().indexOf(t.module);
    long size = sizes.get(part);
    long first = sizes.subList(0, part).stream().mapToLong(Long::longValue).sum();
    if (size != t.out) {
      throw new CheckpointException(
          checkpoint.origin()
              + ": "
              + stored
              + " has "
              + size
              + " rows for "
              + t.module.substring(t.module.lastIndexOf('.') + 1)
              + ", the adapter "
              + t.out);
    }
    return first;
  }

  private static void fill(
      Checkpoint file, TensorInfo info, List<Rows> changed, long first, FloatBuffer into) {
    int start = into.position();
    int end = into.limit();
    file.read(info.name(), first, into);
    long columns = info.shape()[1];
    double limit = info.type() == StorageType.F16 ? HALF_LIMIT : Double.POSITIVE_INFINITY;
    double[] sum = new double[(int) columns];
    for (int at = start; at < end; ) {
      long element = first + at - start;
      long row = element / columns;
      int from = (int) (element % columns);
      int count = (int) Math.min(columns - from, end - at);
      for (Rows rows : changed) {
        if (row >= rows.first && row < rows.first + rows.target.out) {
          product(rows.target, (int) (row - rows.first), from, count, sum);
          for (int i = 0; i < count; i++) {
            float w = (float) (into.get(at + i) + sum[i]);
            if (!(Math.abs(w) < limit)) {
              throw new CheckpointException(
                  file.origin()
                      + ": "
                      + info.name()
                      + ": the sum at ["
                      + row
                      + ", "
                      + (from + i)
                      + "] is "
                      + w
                      + ", which "
                      + info.type()
                      + " cannot hold");
            }
            into.put(at + i, w);
          }
        }
      }
      at += count;
    }
  }

  /** Computes part of one row of scale B A: {@code count} columns starting at {@code from}. */
  private static void product(Target t, int row, int from, int count, double[] sum) {
    Arrays.fill(sum, 0, count, 0);
    for (int k = 0; k < t.rank; k++) {
      double b = t.scale * t.b[row * t.rank + k];
      int a = k * t.in + from;
      float[] values = t.a;
      for (int i = 0; i < count; i++) {
        sum[i] += b * values[a + i];
      }
    }
  }
}
