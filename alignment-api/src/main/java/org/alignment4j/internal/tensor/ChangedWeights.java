package org.alignment4j.internal.tensor;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint with some tensors changed as they are read.
 *
 * @param base the checkpoint, which closing closes
 * @param changes by tensor name
 */
record ChangedWeights(Checkpoint base, Map<String, WeightChange> changes) implements Checkpoint {
  @Override
  public Path origin() {
    return base.origin();
  }

  @Override
  public List<Path> files() {
    return base.files();
  }

  @Override
  public Set<String> names() {
    return base.names();
  }

  @Override
  public TensorInfo info(String name) {
    return base.info(name);
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer into) {
    WeightChange change = changes.get(name);
    if (change == null) {
      base.read(name, firstElement, into);
    } else {
      change.filler(base, base.info(name)).fill(firstElement, into);
    }
  }

  @Override
  public TensorSource copy(String name) {
    TensorInfo info = info(name);
    return changes.containsKey(name)
        ? new TensorSource(
            name, info.type(), info.shape(), (first, into) -> read(name, first, into))
        : base.copy(name);
  }

  @Override
  public void close() {
    base.close();
  }
}
