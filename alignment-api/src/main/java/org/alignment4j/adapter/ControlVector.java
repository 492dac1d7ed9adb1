package org.alignment4j.adapter;

import static org.alignment4j.core.Arguments.require;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * A vector per layer to be added to the residual stream. Immutable: arrays are not copied, so do
 * not write to them.
 *
 * @param directions [D] by the layer it is added to, at least one
 * @param provenance how it was made
 */
public record ControlVector(SortedMap<Layer, float[]> directions, Provenance provenance)
    implements Adapter {
  /** Checks that widths agree. */
  public ControlVector {
    require(!directions.isEmpty(), "a control vector without directions");
    directions = Collections.unmodifiableSortedMap(new TreeMap<>(directions));
  }

  /** D. */
  public int width() {
    return Objects.requireNonNull(directions.get(directions.firstKey())).length;
  }

  @Override
  public void save(Path folder) {
    throw new IllegalStateException("to come");
  }
}
