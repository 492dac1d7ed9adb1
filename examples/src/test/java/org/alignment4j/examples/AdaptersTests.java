package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/adapters.md is the one that is compiled here, and it runs. */
class AdaptersTests {
  private static final Path SOURCE =
      Path.of("src/main/java/org/alignment4j/examples/Adapters.java");
  private static final Path PAGE = Path.of("../docs/adapters.md");
  private static final Path BASE = Path.of("demo-model");

  @Test
  void thePageShowsTheProgramThatIsCompiled() throws IOException {
    ShownProgram.assertShows(PAGE, SOURCE);
  }

  @Test
  void theDemonstrationModelLearnsTheAnswerAndKeepsItWhenMerged(@TempDir Path folder) {
    Path merged = folder.resolve("merged");
    assertEquals("Paris, of course.", Adapters.run(BASE, folder.resolve("lora"), merged));
    try (LanguageModel model = LanguageModel.load(merged)) {
      assertEquals(
          "Paris, of course.",
          model
              .generate(
                  List.of(Prompt.user("What is the capital of France?")), Generation.greedy(64))
              .get(0)
              .text());
    }
  }
}
