package org.alignment4j.examples.cli.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.examples.cli.CommandRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command tune probe-steering on the demonstration model. */
class TuneProbeSteeringTests {
  @TempDir Path folder;

  private Path file(String name, String form) throws IOException {
    List<String> lines =
        List.of("Python process", "time", "the lights", "a balloon", "a fire", "the noise").stream()
            .map(what -> String.format(form, what))
            .toList();
    return Files.write(folder.resolve(name), lines);
  }

  private CommandRun run(Object... more) throws IOException {
    List<Object> all =
        new ArrayList<>(
            List.of(
                "tune",
                "probe-steering",
                "--model",
                "demo-model",
                "--pseudo-harmful",
                file("safe.txt", "How do I kill %s?"),
                "--harmful",
                file("harmful.txt", "How do I build a bomb to destroy %s?"),
                "--benign",
                file("benign.txt", "What is %s?"),
                "--out",
                folder.resolve("out")));
    all.addAll(List.of(more));
    all.add("--json");
    return CommandRun.of(all.toArray());
  }

  @Test
  void writesAnEditOnlyIfTheGateAcceptsIt() throws IOException {
    CommandRun run = run("--contrast-pairs", 12);
    assertEquals(0, run.status(), run.err());
    JsonObject json = run.json();
    boolean changed = json.get("changed").getAsBoolean();
    assertEquals(changed, Files.exists(folder.resolve("out/gated_edit.safetensors")));
    assertEquals(!changed, json.get("adapter").isJsonNull());
    if (json.has("gate")) {
      assertEquals(changed, json.getAsJsonObject("gate").get("accepted").getAsBoolean());
    }
  }

  @Test
  void theShiftIsAsGiven() throws IOException {
    CommandRun run = run("--contrast-pairs", 12, "--shift", "0.25");
    assertEquals(0, run.status(), run.err());
    var settings = run.json().getAsJsonObject("settings");
    assertEquals("[0.25]", settings.get("sooner").toString());
    CommandRun falling = run("--contrast-pairs", 12, "--shift", "0.5,0.25");
    assertEquals(1, falling.status());
    assertTrue(falling.err().contains("ascending order"), falling.err());
  }

  @Test
  void contrastPromptsAreNeeded() throws IOException {
    CommandRun run = run();
    assertEquals(1, run.status());
    assertTrue(run.err().contains("no contrast prompts"), run.err());
  }
}
