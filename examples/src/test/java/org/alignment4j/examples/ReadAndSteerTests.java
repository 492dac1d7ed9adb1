package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.core.Layer;
import org.alignment4j.examples.demo.DemoPrompts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/reading-and-steering.md is the one that is compiled here, and it runs. */
class ReadAndSteerTests {
  private static final Path SOURCE =
      Path.of("src/main/java/org/alignment4j/examples/ReadAndSteer.java");
  private static final Path PAGE = Path.of("../docs/reading-and-steering.md");

  @Test
  void thePageShowsTheProgramThatIsCompiled() throws IOException {
    ShownProgram.assertShows(PAGE, SOURCE);
  }

  @Test
  void itMakesTheDemonstrationModelRefuse(@TempDir Path folder) {
    Path file = folder.resolve("refusal.gguf");
    String answer =
        ReadAndSteer.run(
            Path.of("demo-model"),
            QuickstartTests.prompts(DemoPrompts.Label.HARMFUL),
            QuickstartTests.prompts(DemoPrompts.Label.BENIGN),
            new Layer(3),
            file);
    assertTrue(answer.contains("sorry"), answer);
    assertEquals(
        List.of(new Layer(3)), List.copyOf(ControlVector.readGguf(file).directions().keySet()));
  }
}
