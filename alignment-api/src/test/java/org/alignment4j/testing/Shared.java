package org.alignment4j.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Optional real models and data, in the folder that {@code alignment4j.shared} names. */
public final class Shared {
  private Shared() {}

  /** The file or folder at a path there; skips the calling test, visibly, if there is none. */
  public static Path path(String first, String... more) {
    Path path =
        Path.of(System.getProperty("alignment4j.shared", "none"), first)
            .resolve(String.join("/", more));
    assumeTrue(Files.exists(path), () -> "skipped: needs " + path);
    return path;
  }
}
