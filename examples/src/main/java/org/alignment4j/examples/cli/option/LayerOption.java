package org.alignment4j.examples.cli.option;

import java.util.Optional;
import org.alignment4j.core.Layer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The layer that a command reads or tunes, where it need not be chosen. */
public final class LayerOption {
  @Option(names = "--layer", paramLabel = "L", description = "the layer; chosen if not given")
  private @Nullable Integer layer;

  /** Empty if it is to be chosen. */
  public Optional<Layer> get() {
    return Optional.ofNullable(layer).map(Layer::new);
  }
}
