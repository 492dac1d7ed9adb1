package org.alignment4j.examples.cli.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.examples.cli.CommandRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Moral self-correction on the synthetic students, which need no data. */
class MoralCommandTests {
  private static final Path DEMO = Path.of("demo-model");

  @TempDir Path folder;

  private CommandRun moral(Object... more) {
    List<Object> all =
        new ArrayList<>(
            List.of("evaluate", "moral", "--out", folder.resolve("out"), "--law-school"));
    // The demonstration model would answer something else.
    all.addAll(List.of("--least-coverage", 0));
    all.addAll(List.of(more));
    return CommandRun.of(all.toArray());
  }

  @Test
  void aModelIsAskedOnceAndComparedWithTheSameModelGuarded() throws IOException {
    CommandRun run =
        moral("--model", DEMO, "--conditions", "question,instruction", "--items", 6, "--json");
    assertEquals(0, run.status(), run.err());
    JsonArray reports = run.json().getAsJsonArray("reports");
    assertEquals(1, reports.size());
    JsonObject report = reports.get(0).getAsJsonObject();
    assertEquals("law-school", report.get("experiment").getAsString());
    assertEquals(2, report.getAsJsonArray("conditions").size());
    String page = Files.readString(folder.resolve("out/report.html"));
    assertTrue(page.contains("demo-model") && page.contains("</html>"));
    String kept = Files.readString(folder.resolve("out/readings.jsonl"));
    String json = Files.readString(folder.resolve("out/report.json"));

    CommandRun again = moral("--model", DEMO, "--conditions", "question,instruction", "--items", 6);
    assertEquals(0, again.status(), again.err());
    assertTrue(
        again.out().contains("24 questions, all of them answered by earlier runs\n"), again.out());
    String line = again.out().lines().filter(l -> l.contains("coverage")).findFirst().orElseThrow();
    assertTrue(line.indexOf("coverage") < line.indexOf("gap"), line);
    assertEquals(kept, Files.readString(folder.resolve("out/readings.jsonl")), "nothing is new");
    assertEquals(json, Files.readString(folder.resolve("out/report.json")));

    CommandRun guarded =
        moral("--model", DEMO, "--conditions", "question", "--items", 6, "--instruct", "system");
    assertEquals(0, guarded.status(), guarded.err());
    assertTrue(guarded.out().contains("12 questions, 12 answered in "), guarded.out());
    assertTrue(Files.readString(folder.resolve("out/readings.jsonl")).length() > kept.length());
  }

  @Test
  void mistakesAreNamed() {
    assertFails(moral(), "expected either --model or --endpoint");
    assertFails(moral("--model", DEMO, "--model", DEMO, "--adapter", DEMO), "exactly one --model");
    assertFails(
        CommandRun.of("evaluate", "moral", "--out", folder, "--model", DEMO),
        "at least one of --bbq, --winogender and --law-school");
    assertFails(
        CommandRun.of(
            "evaluate", "moral", "--out", folder, "--model", DEMO, "--bbq", folder.resolve("no")),
        "no");
    assertEquals(2, CommandRun.of("evaluate", "moral").status());
  }

  private static void assertFails(CommandRun run, String reason) {
    assertEquals(1, run.status(), run.err());
    assertTrue(run.err().contains(reason), run.err());
    assertFalse(run.err().contains("internal error"), run.err());
  }
}
