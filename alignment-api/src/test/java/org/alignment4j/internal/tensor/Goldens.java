package org.alignment4j.internal.tensor;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

/** Files that examples/python/gguf_goldens.py wrote. */
final class Goldens {
  private Goldens() {}

  static Path gguf(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(Goldens.class.getResource("gguf/" + name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
