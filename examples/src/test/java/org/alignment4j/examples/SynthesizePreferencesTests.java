package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.alignment4j.data.synthesis.Script;
import org.alignment4j.data.testing.ScriptedChatServer;
import org.alignment4j.synthesis.SynthesisReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/safer-instruct.md is the one that is compiled here, and it runs. */
class SynthesizePreferencesTests {
  private static final Path SOURCE =
      Path.of("src/main/java/org/alignment4j/examples/SynthesizePreferences.java");
  private static final Path PAGE = Path.of("../docs/safer-instruct.md");

  @Test
  void thePageShowsTheProgramThatIsCompiled() throws IOException {
    ShownProgram.assertShows(PAGE, SOURCE);
  }

  @Test
  void itRunsAgainstAnEndpointAndGoesOnWhereItWas(@TempDir Path folder) throws IOException {
    StringBuilder texts = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      texts.append(
          "{\"text\":\"An unpleasant text, number %d\",\"category\":\"hate\",\"licence\":\"MIT\"}\n"
              .formatted(i));
    }
    Path file = Files.writeString(folder.resolve("texts.jsonl"), texts);
    try (ScriptedChatServer server =
        ScriptedChatServer.start(
            0, ScriptedChatServer.Script.none(), Script::answer, Duration.ZERO)) {
      SynthesisReport report = SynthesizePreferences.run(server.baseUrl(), "tiny", file, folder);
      assertTrue(report.complete());
      assertEquals(report.pairs(), Files.readAllLines(folder.resolve("pairs.jsonl")).size());
      int tries = server.tries();
      assertEquals(
          report.pairs(),
          SynthesizePreferences.run(server.baseUrl(), "tiny", file, folder).pairs());
      assertEquals(tries, server.tries());
    }
  }
}
