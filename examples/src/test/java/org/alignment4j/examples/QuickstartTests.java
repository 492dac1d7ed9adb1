package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.Prompt;
import org.alignment4j.examples.demo.DemoPrompts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of README.md is the one that is compiled here, and it runs. */
class QuickstartTests {
  private static final Path SOURCE =
      Path.of("src/main/java/org/alignment4j/examples/Quickstart.java");
  private static final Path README = Path.of("../README.md");

  @Test
  void theReadmeShowsTheProgramThatIsCompiled() throws IOException {
    String program = ShownProgram.between(SOURCE, "// README: begin\n", "    // README: end");
    String shown = ShownProgram.between(README, "```java\n", "```");
    assertEquals(program.stripTrailing().stripIndent() + "\n", shown);
    assertEquals(10, shown.lines().count());
  }

  @Test
  void theReadmesTestCommandIsWhatContinuousIntegrationRuns() throws IOException {
    String command = "mvn -B verify";
    assertTrue(Files.readString(README).contains("    " + command + "\n"));
    assertTrue(Files.readAllLines(Path.of("../.ci/run")).contains(command));
  }

  @Test
  void itRunsOnTheDemonstrationModel(@TempDir Path folder) {
    Path out = folder.resolve("tuned");
    Quickstart.run(
        Path.of("demo-model"),
        prompts(DemoPrompts.Label.HARMFUL),
        prompts(DemoPrompts.Label.BENIGN),
        prompts(DemoPrompts.Label.PSEUDO_HARMFUL),
        out);
    assertEquals("actor", TunedBlock.load(out).provenance().method());
  }

  static List<Prompt> prompts(DemoPrompts.Label label) {
    return DemoPrompts.tune().stream()
        .filter(e -> e.label() == label)
        .map(e -> Prompt.user(e.prompt()))
        .toList();
  }
}
