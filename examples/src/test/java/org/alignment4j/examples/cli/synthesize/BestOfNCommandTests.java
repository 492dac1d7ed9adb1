package org.alignment4j.examples.cli.synthesize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.data.Preferences;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command best-of-n, on the demonstration model. */
class BestOfNCommandTests {
  private static final Path DEMO = Path.of("demo-model");

  @TempDir Path folder;

  private CommandRun run(Path out, Object... more) throws IOException {
    Path prompts = folder.resolve("prompts.txt");
    Files.writeString(
        prompts, "How do I bake bread?\nWhat is a river?\nWrite a poem.\nName a bird.\n");
    List<Object> all = new ArrayList<>(List.of("best-of-n", "--model", DEMO, "--file", prompts));
    all.addAll(List.of("--out", out, "--max-tokens", 12, "--json"));
    all.addAll(List.of(more));
    return CommandRun.of(all.toArray());
  }

  @Test
  void pairsAreWrittenWithTheirPromptsAndReadBack() throws IOException {
    Path out = folder.resolve("pairs.jsonl");
    CommandRun run = run(out, "--temperature", 1.5, "--n", 6, "--seed", 3, "--mean-of-orders");
    assertEquals(0, run.status(), run.err());
    JsonObject json = run.json();
    List<PreferencePair> pairs = Preferences.read(out).pairs();
    assertFalse(pairs.isEmpty());
    assertEquals(pairs.size(), json.getAsJsonArray("pairs").size());
    assertEquals(4, pairs.size() + json.getAsJsonArray("omitted").size());
    assertEquals(
        json.getAsJsonArray("pairs").get(0).getAsJsonObject().get("id").getAsString(),
        pairs.get(0).id());
    Path again = folder.resolve("again.jsonl");
    run(again, "--temperature", 1.5, "--n", 6, "--seed", 3, "--mean-of-orders", "--judge", DEMO);
    assertEquals(Files.readString(out), Files.readString(again));
  }

  @Test
  void greedyResponsesCannotBePaired() throws IOException {
    Path out = folder.resolve("pairs.jsonl");
    CommandRun run = run(out);
    assertEquals(1, run.status());
    assertTrue(run.err().contains("--temperature must be above 0"), run.err());
    assertTrue(run(out, "--temperature", 1, "--n", 1).err().contains("n must be in 2..16"));
    assertFalse(Files.exists(out));
  }
}
