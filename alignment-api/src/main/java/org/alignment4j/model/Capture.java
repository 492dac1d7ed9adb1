package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.alignment4j.core.Layer;

/**
 * Which hidden states to read. Blocks above the highest layer are not run.
 *
 * @param layers at least one; read in ascending order, each once
 * @param positions which tokens of each sequence
 */
public record Capture(List<Layer> layers, TokenPositions positions) {
  /** Sorts the layers. */
  public Capture {
    require(!layers.isEmpty(), "no layers to capture");
    layers = layers.stream().distinct().sorted().toList();
  }

  /** The last prompt token at some layers. */
  public static Capture lastPrompt(Layer... layers) {
    return new Capture(Arrays.asList(layers), TokenPositions.lastPrompt());
  }

  /** Layers {@code first} to {@code last}, both included. */
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
     * Where a row comes from.
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

    /** The rows' origins [N], in order of sequence, then position. */
    public List<Label> labels() {
      return labels;
    }

    /** The layers that were read. */
    public Set<Layer> layers() {
      return values.keySet();
    }

    /**
     * The rows at a layer [N, D], in the labels' order; the array is the caller's to keep, not a
     * copy.
     *
     * @throws IllegalArgumentException if the layer was not read
     */
    public float[][] at(Layer layer) {
      float[][] rows = values.get(layer);
      require(rows != null, "%s was not captured, only %s", layer, values.keySet());
      return java.util.Objects.requireNonNull(rows);
    }
  }
}
