package org.alignment4j.examples.cli.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.core.CheckpointException;

/** Location of the demonstration model: in the examples folder, which the script names. */
final class DemoFiles {
  private static final String HOME = "alignment4j.examples";

  private DemoFiles() {}

  static Path model() {
    String home = System.getProperty(HOME);
    List<Path> candidates =
        home != null
            ? List.of(Path.of(home, "demo-model"))
            : List.of(Path.of("examples", "demo-model"), Path.of("demo-model"));
    return candidates.stream()
        .filter(Files::isDirectory)
        .findFirst()
        .orElseThrow(
            () ->
                new CheckpointException(
                    "no demonstration model in " + candidates + "; start it with examples/align"));
  }
}
