package org.alignment4j.examples.cli.synthesize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.data.PreferenceFile;
import org.alignment4j.data.synthesis.Script;
import org.alignment4j.data.testing.ScriptedChatServer;
import org.alignment4j.examples.cli.CommandRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SynthesizeCommandTests {
  @TempDir Path folder;

  private ScriptedChatServer server;

  @BeforeEach
  void start() throws IOException {
    server =
        ScriptedChatServer.start(
            0, ScriptedChatServer.Script.none(), Script::answer, Duration.ZERO);
    StringBuilder texts = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      texts.append(
          "{\"id\":\"t%d\",\"text\":\"An unpleasant text, number %d\",\"category\":\"hate\",\"licence\":\"MIT\"}\n"
              .formatted(i, i));
    }
    texts.append("{\"id\":\"broken\n");
    Files.writeString(folder.resolve("texts.jsonl"), texts);
    describe("seed: 7");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Path describe(String... more) throws IOException {
    Path file = folder.resolve("run.yaml");
    Files.writeString(
        file,
        String.join(
            "\n",
            "texts:",
            "  - file: texts.jsonl",
            "models:",
            "  chat:",
            "    endpoint: " + server.baseUrl(),
            "    model: tiny",
            "    price: {prompt: 1, completion: 2, currency: EUR}",
            "inducer: chat",
            "judge: chat",
            "expert: chat",
            String.join("\n", more),
            ""));
    return file;
  }

  private CommandRun synthesize(String out, String... more) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(
        List.of(
            "synthesize",
            folder.resolve("run.yaml").toString(),
            "--out",
            folder.resolve(out).toString()));
    arguments.addAll(List.of(more));
    return CommandRun.of(arguments.toArray());
  }

  private static void assertFails(int status, CommandRun run, String reason) {
    assertEquals(status, run.status(), run.err());
    assertTrue(run.err().contains(reason), run.err());
    assertFalse(run.err().contains("internal error"), run.err());
  }

  @Test
  void aRunLeavesPairsReportsAndAnAccount() throws IOException {
    CommandRun run = synthesize("out", "--json");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("texts.jsonl, line 21"), run.err());
    JsonObject json = JsonParser.parseString(run.out()).getAsJsonObject();
    assertEquals(1, json.get("skipped").getAsInt());
    JsonObject report = json.getAsJsonObject("report");
    assertTrue(report.get("complete").getAsBoolean());
    assertEquals(20, report.get("texts").getAsInt());
    Path out = folder.resolve("out");
    try (var pairs = PreferenceFile.of(out.resolve("pairs.jsonl")).synthesized(bad -> {})) {
      assertEquals(report.get("pairs").getAsLong(), pairs.count());
    }
    assertTrue(Files.readString(out.resolve("report.html")).contains("</html>"));
    assertEquals(report, JsonParser.parseString(Files.readString(out.resolve("report.json"))));

    assertFails(1, synthesize("out"), "--resume");
    int tries = server.tries();
    String first = Files.readString(out.resolve("pairs.jsonl"));
    assertEquals(0, synthesize("out", "--resume").status());
    assertEquals(tries, server.tries());
    assertEquals(first, Files.readString(out.resolve("pairs.jsonl")));
    assertFails(1, synthesize("none", "--resume"), "no run to resume");
  }

  @Test
  void aBudgetStopsTheRunAndTheRestComesLater() throws IOException {
    assertEquals(0, synthesize("whole").status());
    CommandRun stopped = synthesize("out", "--budget-requests", "30");
    assertFails(1, stopped, "all responses are stored, continue with --resume");
    assertFalse(Files.exists(folder.resolve("out/pairs.jsonl")));
    assertEquals(0, synthesize("out", "--resume").status());
    assertEquals(
        Files.readString(folder.resolve("whole/pairs.jsonl")),
        Files.readString(folder.resolve("out/pairs.jsonl")));
  }

  @Test
  void anEstimateAsksNobodyUnlessThereIsAPilot() {
    CommandRun run = synthesize("out", "--dry-run");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("EUR"), run.out());
    assertEquals(0, server.tries());
    assertFalse(Files.exists(folder.resolve("out")));

    CommandRun pilot = synthesize("out", "--dry-run", "--pilot", "5");
    assertEquals(0, pilot.status(), pilot.err());
    assertTrue(pilot.out().contains("measured on 5 texts"), pilot.out());
    int asked = server.tries();
    assertTrue(asked > 0);
    // What the pilot has paid for, the run does not pay for again.
    assertEquals(0, synthesize("out", "--resume").status());
    assertEquals(server.tries(), server.answered().size());
  }

  @Test
  void mistakesInTheDescriptionAreNamed() throws IOException {
    describe("sed: 7");
    assertFails(1, synthesize("out"), "run.yaml: sed: is not known");
    describe("instructions: many");
    assertFails(1, synthesize("out"), "run.yaml: instructions: expected a whole number");
    describe("instructions: 9");
    assertFails(1, synthesize("out"), "1 to 4 instructions");
    describe("layout: xml");
    assertFails(1, synthesize("out"), "layout: expected one of");
    describe("verifier: nobody");
    assertFails(1, synthesize("out"), "run.yaml: verifier: no model is called nobody");
    Files.writeString(folder.resolve("run.yaml"), "texts: [");
    assertFails(1, synthesize("out"), "run.yaml");
    assertFails(2, CommandRun.of("synthesize"), "RUN.yaml");
  }
}
