package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.alignment4j.core.Layer;

/**
 * The hidden states to read. Blocks above the highest layer are not run.
 *
 * @param layers at least one; sorted, duplicates removed
 * @param positions the tokens of each sequence
 */
public record Capture(List<Layer> layers, TokenPositions positions) {
  /** Sorts the layers and removes duplicates. */
  public Capture {
    require(!layers.isEmpty(), "no layers to capture");
    layers = layers.stream().distinct().sorted().toList();
  }

  /** Captures the last prompt token at the given layers. */
  public static Capture lastPrompt(Layer... layers) {
    return new Capture(Arrays.asList(layers), TokenPositions.lastPrompt());
  }

  /** Captures layers {@code first} to {@code last}, inclusive. */
  public static Capture layers(int first, int last, TokenPositions positions) {
    return new Capture(IntStream.rangeClosed(first, last).mapToObj(Layer::new).toList(), positions);
  }

  Layer top() {
    return layers.get(layers.size() - 1);
  }

  /**
   * Hidden states read from a model, as plain arrays: per layer N rows of D numbers, each row
   * labelled with its sequence and token.
   */
  public static final class Activations {
    /**
     * The origin of a row.
     *
     * @param sequence index in the caller's list
     * @param position token index in that sequence, without padding
     */
    public record Label(int sequence, int position) {}

    private final List<Label> labels;
    private final Map<Layer, float[][]> values;

    Activations(List<Label> labels, Map<Layer, float[][]> values) {
      this.labels = List.copyOf(labels);
      this.values = Map.copyOf(values);
    }

    /** The origin of each row [N], ordered by sequence, then position. */
    public List<Label> labels() {
      return labels;
    }

    /** The captured layers. */
    public Set<Layer> layers() {
      return values.keySet();
    }

    /** The rows of all layers [N, D], as {@link #at} returns them. */
    public SortedMap<Layer, float[][]> byLayer() {
      return Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    /**
     * The rows at a layer [N, D], in the order of the labels. Returns the internal array, not a
     * copy.
     *
     * @throws IllegalArgumentException if the layer was not captured
     */
    public float[][] at(Layer layer) {
      float[][] rows = values.get(layer);
      require(rows != null, "%s was not captured, only %s", layer, values.keySet());
      return java.util.Objects.requireNonNull(rows);
    }
  }
}
