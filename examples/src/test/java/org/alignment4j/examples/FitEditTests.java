package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.examples.demo.DemoPrompts;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/edits.md is the one that is compiled here, and it runs. */
class FitEditTests {
  private static final Path SOURCE = Path.of("src/main/java/org/alignment4j/examples/FitEdit.java");
  private static final Path PAGE = Path.of("../docs/edits.md");
  private static final Path DEMO = Path.of("demo-model");

  @Test
  void thePageShowsTheProgramThatIsCompiled() throws IOException {
    ShownProgram.assertShows(PAGE, SOURCE);
  }

  @Test
  void theMergedModelAnswersAsTheViewDoes(@TempDir Path folder) {
    List<Prompt> refused = QuickstartTests.prompts(DemoPrompts.Label.PSEUDO_HARMFUL).subList(0, 12);
    List<Completion> answers =
        FitEdit.run(
            DEMO,
            QuickstartTests.prompts(DemoPrompts.Label.HARMFUL).subList(0, 12),
            QuickstartTests.prompts(DemoPrompts.Label.BENIGN).subList(0, 12),
            refused,
            new Layer(3),
            folder.resolve("edit"),
            folder.resolve("merged"));
    assertTrue(Adapter.load(folder.resolve("edit")) instanceof GatedEdit);
    try (LanguageModel merged = LanguageModel.load(folder.resolve("merged"));
        LanguageModel plain = LanguageModel.load(DEMO)) {
      Generation greedy = Generation.greedy(64);
      assertEquals(texts(answers), texts(merged.generate(refused, greedy)));
      assertTrue(!texts(answers).equals(texts(plain.generate(refused, greedy))));
    }
  }

  private static List<String> texts(List<Completion> answers) {
    return answers.stream().map(Completion::text).toList();
  }
}
