package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
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
        ShownProgram.between(SOURCE, "// generation.md: begin\n", "    // generation.md: end");
    String shown = ShownProgram.between(DOCUMENT, "```java\n", "```");
    assertEquals(program.stripTrailing().stripIndent() + "\n", shown);
  }

  @Test
  void itRunsOnTheDemonstrationModel() {
    Answering.run(Path.of("demo-model"));
  }
}
