package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.Preferences;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/rahf.md is the one that is compiled here, and it runs. */
class LearnPreferencesTests {
  private static final Path SOURCE =
      Path.of("src/main/java/org/alignment4j/examples/LearnPreferences.java");
  private static final Path PAGE = Path.of("../docs/rahf.md");
  private static final Path BASE = Path.of("demo-model");

  @Test
  void thePageShowsTheProgramThatIsCompiled() throws IOException {
    ShownProgram.assertShows(PAGE, SOURCE);
  }

  @Test
  void itRunsOnTheDemonstrationModel(@TempDir Path folder) {
    List<PreferencePair> pairs =
        Stream.of("France", "Italy", "Spain", "Peru", "Japan", "Egypt")
            .map(
                place ->
                    new PreferencePair(
                        place,
                        Prompt.user("What is the capital of " + place + "?"),
                        "Good day. It is the one.",
                        "No idea, sorry."))
            .toList();
    Path file = folder.resolve("pairs.jsonl");
    Preferences.writeJsonl(file, pairs);
    PreferenceReport report = LearnPreferences.run(BASE, file, 4, folder.resolve("lora"));
    assertEquals(2, report.pairs().size());
    assertTrue(report.divergence().estimate() > 0);
    assertEquals(8, LoraAdapter.load(folder.resolve("lora")).rank());
  }
}
