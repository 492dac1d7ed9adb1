package org.alignment4j.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.alignment4j.core.Layer;

/** Resolves steering for a batch: for each edit a vector and a mask of the tokens it applies to. */
final class BatchSteering {
  /** Edits that run as one: same layer, same ordinal within their sequence and layer, same kind. */
  private record Key(Layer layer, Steering.Kind kind, int ordinal) {}

  private BatchSteering() {}

  /**
   * @param room columns after the batch for tokens still to be generated
   * @param virtual input embeddings before each sequence, not counted in positions
   * @param own the steering of the batch's b-th sequence
   */
  static List<Edit> resolve(
      NDManager scope, Batch batch, int room, int virtual, IntFunction<List<Steering>> own) {
    Map<Key, Map<Integer, Steering>> edits = new LinkedHashMap<>();
    for (int b = 0; b < batch.size(); b++) {
      Map<Layer, Integer> seen = new HashMap<>();
      for (Steering s : own.apply(b)) {
        int n = seen.merge(s.layer(), 1, Integer::sum);
        edits.computeIfAbsent(new Key(s.layer(), s.kind(), n), k -> new HashMap<>()).put(b, s);
      }
    }
    List<Edit> resolved = new ArrayList<>();
    // Within a layer, each sequence's edits keep their order.
    edits.keySet().stream()
        .sorted(Comparator.comparingInt(Key::ordinal))
        .forEach(
            key ->
                resolved.add(edit(scope, batch, room, virtual, edits.getOrDefault(key, Map.of()))));
    return resolved;
  }

  private static Edit edit(
      NDManager scope, Batch batch, int room, int virtual, Map<Integer, Steering> bySequence) {
    int columns = batch.length() + room;
    Steering first = bySequence.values().iterator().next();
    int width = first.vector().length;
    boolean same =
        bySequence.size() == batch.size()
            && bySequence.values().stream().allMatch(s -> s.equals(first));
    float[] vectors = new float[(same ? 1 : batch.size()) * width];
    float[] on = new float[batch.size() * columns];
    bySequence.forEach(
        (b, s) -> {
          if (!same || b == 0) {
            System.arraycopy(direction(s), 0, vectors, same ? 0 : b * width, width);
          }
          mark(on, columns, batch, b, virtual, s.positions());
        });
    return new Edit(
        Edit.at(first.layer()),
        first.kind() == Steering.Kind.ADD ? Edit.Kind.ADD : Edit.Kind.PROJECT_OUT,
        List.of(
            scope.create(vectors, new Shape(vectors.length / width, width)),
            scope.create(on, new Shape(batch.size(), columns))),
        Edit.NO_GATE,
        0);
  }

  /**
   * Marks the tokens of a sequence at some positions, and the columns after the batch if generated
   * tokens are among them.
   *
   * @param on [B, columns]
   */
  static void mark(
      float[] on, int columns, Batch batch, int b, int virtual, TokenPositions positions) {
    int n = batch.sequences().get(b).length - virtual;
    for (int p : positions.resolve(n, batch.responseStart(b, n))) {
      on[b * columns + batch.column(b, p + virtual)] = 1;
    }
    if (positions.generated()) {
      Arrays.fill(on, b * columns + batch.length(), (b + 1) * columns, 1f);
    }
  }

  private static float[] direction(Steering s) {
    return s.kind() == Steering.Kind.PROJECT_OUT ? unit(s.vector()) : s.vector();
  }

  /** A copy of length 1. */
  static float[] unit(float[] vector) {
    float[] v = vector.clone();
    double norm = 0;
    for (float f : v) {
      norm += (double) f * f;
    }
    for (int i = 0; i < v.length; i++) {
      v[i] = (float) (v[i] / Math.sqrt(norm));
    }
    return v;
  }
}
