package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.jspecify.annotations.Nullable;

/**
 * One vector per layer, to be added to the residual stream. An element of a vector space: a layer
 * that only one of two operands has is zero in the other. Sums and multiples are computed in
 * float64 and rounded once. Immutable and thread-safe: arrays are not copied, so do not modify
 * them. Equal if directions and provenance are.
 *
 * @param directions [D] by the layer it is added to, at least one; all of the same width, finite
 * @param provenance how it was made; sums and multiples record the vectors they were made from
 */
public record ControlVector(SortedMap<Layer, float[]> directions, Provenance provenance)
    implements Adapter {
  /**
   * Checks the directions.
   *
   * @throws IllegalArgumentException if there are none, widths differ, or a number is not finite
   */
  public ControlVector {
    require(!directions.isEmpty(), "a control vector without directions");
    directions = Collections.unmodifiableSortedMap(new TreeMap<>(directions));
    Layer first = directions.firstKey();
    int width = Objects.requireNonNull(directions.get(first)).length;
    require(width > 0, "%s has a direction without numbers", first);
    for (Map.Entry<Layer, float[]> e : directions.entrySet()) {
      float[] direction = e.getValue();
      require(
          direction.length == width,
          "%s has a direction of %s numbers, %s one of %s",
          e.getKey(),
          direction.length,
          first,
          width);
      for (int i = 0; i < width; i++) {
        require(
            Float.isFinite(direction[i]),
            "%s, number %s is %s, not finite",
            e.getKey(),
            i,
            direction[i]);
      }
    }
  }

  /** D. */
  public int width() {
    return at(directions.firstKey()).length;
  }

  /**
   * The direction [D] at a layer; not a copy.
   *
   * @throws IllegalArgumentException if there is none at this layer
   */
  public float[] at(Layer layer) {
    float[] v = directions.get(layer);
    require(v != null, "no %s in a control vector of %s", layer, directions.keySet());
    return Objects.requireNonNull(v);
  }

  /**
   * This + {@code other}.
   *
   * @throws IllegalArgumentException if the widths differ or a sum is out of float32's range
   */
  public ControlVector plus(ControlVector other) {
    return combined(other, 1);
  }

  /**
   * This - {@code other}.
   *
   * @throws IllegalArgumentException if the widths differ or a difference is out of float32's range
   */
  public ControlVector minus(ControlVector other) {
    return combined(other, -1);
  }

  /**
   * This vector times a factor.
   *
   * @param factor finite; a negative one reverses the direction
   * @throws IllegalArgumentException if the factor is not finite or a product is out of float32's
   *     range
   */
  public ControlVector times(double factor) {
    require(Double.isFinite(factor), "the factor must be finite, was %s", factor);
    SortedMap<Layer, float[]> all = new TreeMap<>();
    directions.forEach((layer, v) -> all.put(layer, scaled(v, factor)));
    return new ControlVector(all, VectorHistory.of(provenance).times(factor).provenance());
  }

  /** This vector times -1. */
  public ControlVector negate() {
    return times(-1);
  }

  /** This vector with every direction scaled to length 1; a zero direction is unchanged. */
  public ControlVector normalised() {
    SortedMap<Layer, float[]> all = new TreeMap<>();
    directions.forEach(
        (layer, v) -> {
          double length = Math.sqrt(dot(v, v));
          all.put(layer, length == 0 ? v : scaled(v, 1 / length));
        });
    return new ControlVector(all, VectorHistory.changed("normalised", Map.of(), provenance));
  }

  /**
   * This vector with every direction scaled to the given length.
   *
   * @param lengths the new length per layer, finite and not negative; layers that this vector does
   *     not have are ignored
   * @throws IllegalArgumentException if a layer of this vector has no length, or one is out of
   *     range
   */
  public ControlVector withLengths(Map<Layer, Double> lengths) {
    SortedMap<Layer, float[]> all = new TreeMap<>();
    Map<String, Object> byIndex = new TreeMap<>();
    directions.forEach(
        (layer, v) -> {
          double wanted = lengths.getOrDefault(layer, Double.NaN);
          require(
              Double.isFinite(wanted) && wanted >= 0,
              "%s needs a length >= 0, has %s",
              layer,
              wanted);
          double length = Math.sqrt(dot(v, v));
          all.put(layer, length == 0 ? v : scaled(v, wanted / length));
          byIndex.put(String.valueOf(layer.index()), wanted);
        });
    return new ControlVector(
        all, VectorHistory.changed("scaled", Map.of("lengths", byIndex), provenance));
  }

  /**
   * This vector restricted to some of its layers.
   *
   * @param layers at least one, all of them layers of this vector
   * @throws IllegalArgumentException if there is none, or one is not a layer of this vector
   */
  public ControlVector restrictedTo(Collection<Layer> layers) {
    SortedMap<Layer, float[]> all = new TreeMap<>();
    for (Layer layer : layers) {
      all.put(layer, at(layer));
    }
    require(!all.isEmpty(), "restricted to no layers");
    List<Integer> indices = all.keySet().stream().map(Layer::index).toList();
    return new ControlVector(
        all, VectorHistory.changed("restricted", Map.of("layers", indices), provenance));
  }

  /**
   * The inner product with {@code other} at every layer that either of them has, in float64; 0
   * where one has no direction.
   *
   * @throws IllegalArgumentException if the widths differ
   */
  public SortedMap<Layer, Double> dot(ControlVector other) {
    requireWidth(other);
    SortedMap<Layer, Double> all = new TreeMap<>();
    for (Layer layer : layersWith(other)) {
      float[] a = directions.get(layer);
      float[] b = other.directions.get(layer);
      all.put(layer, a == null || b == null ? 0.0 : dot(a, b));
    }
    return all;
  }

  /**
   * The cosine of the angle to {@code other} at every layer that both have, in [-1, 1]; NaN where
   * one of them is zero.
   *
   * @throws IllegalArgumentException if the widths differ
   */
  public SortedMap<Layer, Double> cosine(ControlVector other) {
    requireWidth(other);
    SortedMap<Layer, Double> all = new TreeMap<>();
    directions.forEach(
        (layer, a) -> {
          float[] b = other.directions.get(layer);
          if (b != null) {
            double cosine = dot(a, b) / Math.sqrt(dot(a, a)) / Math.sqrt(dot(b, b));
            all.put(layer, Math.max(-1, Math.min(1, cosine)));
          }
        });
    return all;
  }

  /** The Euclidean length of the direction at every layer. */
  public SortedMap<Layer, Double> lengths() {
    SortedMap<Layer, Double> all = new TreeMap<>();
    directions.forEach((layer, v) -> all.put(layer, Math.sqrt(dot(v, v))));
    return all;
  }

  private ControlVector combined(ControlVector other, int sign) {
    requireWidth(other);
    SortedMap<Layer, float[]> all = new TreeMap<>();
    for (Layer layer : layersWith(other)) {
      float[] a = directions.get(layer);
      float[] b = other.directions.get(layer);
      float[] sum = new float[width()];
      for (int i = 0; i < sum.length; i++) {
        sum[i] = (float) ((a == null ? 0.0 : a[i]) + sign * (b == null ? 0.0 : b[i]));
      }
      all.put(layer, sum);
    }
    VectorHistory history =
        VectorHistory.of(provenance).plus(VectorHistory.of(other.provenance).times(sign));
    return new ControlVector(all, history.provenance());
  }

  private Set<Layer> layersWith(ControlVector other) {
    Set<Layer> all = new TreeSet<>(directions.keySet());
    all.addAll(other.directions.keySet());
    return all;
  }

  private void requireWidth(ControlVector other) {
    require(
        width() == other.width(),
        "the control vectors' widths differ: %s != %s",
        width(),
        other.width());
  }

  private static float[] scaled(float[] v, double factor) {
    float[] result = new float[v.length];
    for (int i = 0; i < v.length; i++) {
      result[i] = (float) (v[i] * factor);
    }
    return result;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  /**
   * Writes {@code control_vector.gguf} and {@code provenance.json} into a folder, which is created
   * if absent. The file's model hint is that of the provenance and of those nested in it if they
   * agree, else "unknown".
   *
   * @throws IllegalArgumentException if there is a direction at layer 0, which the file format
   *     cannot store
   * @throws CheckpointException if writing fails; files of an earlier save are then unchanged
   */
  @Override
  public void save(Path folder) {
    ControlVectorFile.save(this, folder);
  }

  /**
   * Loads a control vector that {@link #save} wrote.
   *
   * @throws CheckpointException if the file is missing or damaged
   */
  public static ControlVector load(Path folder) {
    return readGguf(folder.resolve(ControlVectorFile.NAME));
  }

  /**
   * Writes a control vector file for llama.cpp (GGUF version 3). The direction at layer l, which
   * block l - 1 (from 0) writes, becomes tensor {@code direction.(l-1)}. llama.cpp rejects files
   * with {@code direction.0}: a direction at layer 1 is written, with a logged warning.
   *
   * @param file in an existing folder; written atomically
   * @param modelHint the architecture it was made for, e.g. "qwen2"; informational only
   * @throws IllegalArgumentException if there is a direction at layer 0, which the file format
   *     cannot store
   * @throws CheckpointException if writing fails
   */
  public void writeGguf(Path file, String modelHint) {
    ControlVectorFile.write(this, file, modelHint);
  }

  /**
   * Reads a control vector file (GGUF version 2 or 3, float32). A file without this library's
   * provenance gets one of method "gguf", with its metadata as settings and its hash as input.
   *
   * @throws CheckpointException if the file is missing, damaged or not a control vector; the
   *     message names file and tensor
   */
  public static ControlVector readGguf(Path file) {
    return ControlVectorFile.read(file);
  }

  @Override
  public boolean equals(@Nullable Object o) {
    if (!(o instanceof ControlVector v)
        || !provenance.equals(v.provenance)
        || !directions.keySet().equals(v.directions.keySet())) {
      return false;
    }
    return directions.keySet().stream()
        .allMatch(layer -> Arrays.equals(directions.get(layer), v.directions.get(layer)));
  }

  @Override
  public int hashCode() {
    int hash = provenance.hashCode();
    for (Map.Entry<Layer, float[]> e : directions.entrySet()) {
      hash = 31 * (31 * hash + e.getKey().hashCode()) + Arrays.hashCode(e.getValue());
    }
    return hash;
  }

  @Override
  public String toString() {
    return "control vector of width " + width() + " at " + directions.keySet();
  }
}
