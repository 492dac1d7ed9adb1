package org.alignment4j.examples.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alignment4j.examples.cli.CommandRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTests {
  private final Path folder;

  InspectCommandTests(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private Path pairs() throws IOException {
    return file(
        "pairs.jsonl",
        """
        {"prompt":"one","chosen":"yes","rejected":"no","score":NaN}
        {"prompt":"one","chosen":"yes","rejected":"no"}
        {"prompt":"two","chosen":"","rejected":"no"}
        {"prompt":"two","chosen":"<|im_start|>x","rejected":"no"}
        {"prompt":"two",
        {"prompt":"three","chosen":"","rejected":"no"}
        """);
  }

  @Test
  void whatIsReadAndWhatIsSkippedIsShown() throws IOException {
    CommandRun run = CommandRun.of("inspect", pairs(), "--json");
    assertEquals(0, run.status(), run.err());
    JsonObject found = run.json().getAsJsonArray("files").get(0).getAsJsonObject();
    assertEquals("preferences", found.get("kind").getAsString());
    assertEquals("JSON Lines", found.get("container").getAsString());
    assertEquals("{\"TRL standard\":3}", found.get("layouts").toString());
    assertEquals(
        "[\"prompt\",\"chosen\",\"rejected\"]",
        found.getAsJsonObject("columns").get("read").toString());
    assertEquals("[\"score\"]", found.getAsJsonObject("columns").get("not_read").toString());
    assertEquals(6, found.get("rows").getAsInt());
    assertEquals(3, found.get("usable").getAsInt());
    assertEquals(1, found.get("duplicates").getAsInt());
    JsonArray skipped = found.getAsJsonArray("skipped");
    assertEquals(2, skipped.size());
    assertEquals("chosen is empty", skipped.get(0).getAsJsonObject().get("reason").getAsString());
    assertEquals("[3,6]", skipped.get(0).getAsJsonObject().get("first").toString());
    assertEquals(
        "{\"shortest\":3,\"median\":3,\"longest\":13,\"mean\":6.333333333333333}",
        found.getAsJsonObject("characters").get("chosen").toString());
    assertTrue(found.get("warning").getAsString().contains("1 of 3 pairs"), run.out());
    assertEquals(3, found.getAsJsonArray("samples").size());
  }

  @Test
  void severalFilesAreShownAndTheirTextsCannotObeyed() throws IOException {
    Path table =
        file("a.tsv", "prompt\tcategory\n\u001b[2J\u202eA\u2028" + "x".repeat(500) + "\tc\n");
    CommandRun run = CommandRun.of("inspect", pairs(), table);
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("prompts in CSV with tabs"), run.out());
    assertTrue(run.out().contains("\\u001B[2J\\u202EA\\u2028xxx"), run.out());
    assertTrue(run.out().contains("x..."), run.out());
    assertTrue(run.out().contains("skipped 2: chosen is empty (first at 3, 6)"), run.out());
    assertFalse(run.out().chars().anyMatch(c -> c == 0x1b || c == 0x202e || c == 0x2028));
  }

  @Test
  void aFileThatCannotBeReadFailsTheCommandButNotTheOthers() throws IOException {
    Path none = file("none.jsonl", "{\"answer\":\"x\"}\n");
    CommandRun run = CommandRun.of("inspect", folder.resolve("absent"), none, pairs(), "--json");
    assertEquals(1, run.status());
    JsonArray files = run.json().getAsJsonArray("files");
    assertTrue(files.get(0).getAsJsonObject().get("error").getAsString().contains("absent"));
    assertEquals(0, files.get(1).getAsJsonObject().get("usable").getAsInt());
    assertEquals(3, files.get(2).getAsJsonObject().get("usable").getAsInt());
    assertTrue(run.err().contains("none of 1 rows can be used"), run.err());
    assertEquals(2, CommandRun.of("inspect").status());
    assertEquals(2, CommandRun.of("inspect", none, "--kind", "other").status());
  }

  @Test
  void theKindThatIsAskedForIsTaken() throws IOException {
    CommandRun run = CommandRun.of("inspect", "--kind", "prompts", pairs(), "--json=-");
    assertEquals(0, run.status(), run.err());
    JsonObject found = run.json().getAsJsonArray("files").get(0).getAsJsonObject();
    assertEquals("prompts", found.get("kind").getAsString());
    assertEquals(5, found.get("usable").getAsInt());
    assertEquals(
        1, CommandRun.of("inspect", "--kind", "preferences", file("p.txt", "a\n")).status());
  }
}
