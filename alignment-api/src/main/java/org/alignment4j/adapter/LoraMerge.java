package org.alignment4j.adapter;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.BlockWeight;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.ModelFiles;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorInfo;
import org.jspecify.annotations.Nullable;

/** Finds the base's matrices that a LoRA changes, and adds (alpha / r) B A to them row by row. */
final class LoraMerge {
  /** Half precision rounds numbers from here on to infinity. */
  private static final double HALF_LIMIT = 65520;

  private final LoraAdapter lora;
  private final Path base;
  private final Checkpoint checkpoint;
  private @Nullable JsonFile config;

  LoraMerge(LoraAdapter lora, Path base, Checkpoint checkpoint) {
    this.lora = lora;
    this.base = base;
    this.checkpoint = checkpoint;
  }

  /** The changes by the base's tensor names. */
  Map<String, MergedCheckpoint.Change> changes() {
    Map<String, List<Rows>> byTensor = new LinkedHashMap<>();
    for (Target t : lora.targets()) {
      String name = LoraFile.fullName(t) + ".weight";
      String fused =
          BlockWeight.ofModule(t.module())
              .map(w -> LoraFile.fullName(t.layer(), w.wholeModule()) + ".weight")
              .orElse(name);
      boolean whole = checkpoint.contains(name) || !checkpoint.contains(fused);
      String stored = whole ? name : fused;
      long[] shape = checkpoint.info(stored).shape();
      long first = whole ? 0 : firstRow(t, stored, shape);
      if (shape.length != 2 || shape[1] != t.in() || (whole && shape[0] != t.out())) {
        throw MergedCheckpoint.misfit(base, stored, shape, new long[] {t.out(), t.in()});
      }
      byTensor.computeIfAbsent(stored, n -> new ArrayList<>()).add(new Rows(first, t));
    }
    Map<String, MergedCheckpoint.Change> changes = new LinkedHashMap<>();
    byTensor.forEach(
        (name, rows) ->
            changes.put(
                name, (file, info) -> (first, into) -> fill(file, info, rows, first, into)));
    return changes;
  }

  /** The first row of a target in a matrix that stores several modules one after another. */
  private long firstRow(Target t, String stored, long[] shape) {
    long rows = shape.length == 2 ? shape[0] : 0;
    BlockWeight matrix = BlockWeight.ofModule(t.module()).orElseThrow();
    List<Long> sizes =
        matrix == BlockWeight.QKV
            ? matrix.rows(rows, heads("num_attention_heads"), heads("num_key_value_heads"))
            : matrix.rows(rows, 1, 1);
    int part = matrix.modules().indexOf(t.module());
    long size = sizes.get(part);
    long first = sizes.subList(0, part).stream().mapToLong(Long::longValue).sum();
    if (size != t.out()) {
      throw new CheckpointException(
          base
              + ": "
              + stored
              + " has "
              + size
              + " rows for "
              + t.module().substring(t.module().lastIndexOf('.') + 1)
              + ", the adapter "
              + t.out());
    }
    return first;
  }

  /** The number of query heads or key/value heads; the latter defaults to the former. */
  private long heads(String key) {
    if (config == null) {
      config = new JsonFile(base, ModelFiles.config(base));
    }
    return config.count(config.get(key) == null ? "num_attention_heads" : key);
  }

  /** A target and its first row in the stored matrix. */
  private record Rows(long first, Target target) {}

  private void fill(
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
        if (row >= rows.first && row < rows.first + rows.target.out()) {
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

  /**
   * Computes part of one row of (alpha / r) B A: {@code count} columns starting at {@code from}.
   */
  private void product(Target t, int row, int from, int count, double[] sum) {
    java.util.Arrays.fill(sum, 0, count, 0);
    for (int k = 0; k < lora.rank(); k++) {
      double b = lora.scale() * t.b()[row * lora.rank() + k];
      int a = k * t.in() + from;
      float[] values = t.a();
      for (int i = 0; i < count; i++) {
        sum[i] += b * values[a + i];
      }
    }
  }
}
