package org.alignment4j.examples.cli.option;

import java.util.Optional;
import org.alignment4j.core.Layer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Option for the layer that a command reads or tunes. */
public final class LayerOption {
  @Option(
      names = "--layer",
      paramLabel = "L",
      description = "the layer; chosen automatically if not given")
  private @Nullable Integer layer;

  /** Returns the layer; empty if it is to be chosen. */
  public Optional<Layer> get() {
    return Optional.ofNullable(layer).map(Layer::new);
  }
}
