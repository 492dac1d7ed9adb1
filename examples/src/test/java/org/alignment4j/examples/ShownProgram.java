package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Programs that documents show. */
final class ShownProgram {
  private ShownProgram() {}

  /** Checks that the first program on a page is what a source file marks as shown. */
  static void assertShows(Path page, Path source) throws IOException {
    String program = between(source, "// docs: begin\n", "    // docs: end");
    String shown = between(page, "```java\n", "```");
    assertEquals(program.stripTrailing().stripIndent() + "\n", shown);
  }

  /** What stands between two marks of a file. */
  static String between(Path file, String begin, String end) throws IOException {
    String text = Files.readString(file);
    int from = text.indexOf(begin);
    assertTrue(from >= 0, () -> "no " + begin);
    int start = from + begin.length();
    int to = text.indexOf(end, start);
    assertTrue(to >= 0, () -> "no " + end);
    return text.substring(start, to);
  }
}
