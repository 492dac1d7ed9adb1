package org.alignment4j.model;

import static org.alignment4j.core.Arguments.require;

import java.util.Arrays;
import java.util.List;
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
}
