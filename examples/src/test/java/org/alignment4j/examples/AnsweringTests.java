package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The program of docs/generation.md is the one that is compiled here, and it runs. */
class AnsweringTests {
  private static final Path SOURCE =
      Path.of("src/main/java/org/alignment4j/examples/Answering.java");
  private static final Path DOCUMENT = Path.of("../docs/generation.md");

  @Test
  void theDocumentShowsTheProgramThatIsCompiled() throws IOException {
    String program =
        between(Files.readString(SOURCE), "// generation.md: begin\n", "    // generation.md: end");
    String shown = between(Files.readString(DOCUMENT), "```java\n", "```");
    assertEquals(program.stripTrailing().stripIndent() + "\n", shown);
  }

  @Test
  void itRunsOnTheDemonstrationModel() {
    Answering.run(Path.of("demo-model"));
  }

  private static String between(String text, String begin, String end) {
    int from = text.indexOf(begin);
    assertTrue(from >= 0, () -> "no " + begin);
    int start = from + begin.length();
    int to = text.indexOf(end, start);
    assertTrue(to >= 0, () -> "no " + end);
    return text.substring(start, to);
  }
}
