package org.alignment4j.examples.cli.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.examples.demo.DemoPrompts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Edits are fitted, applied and merged from the command line, on the demonstration model. */
class EditCommandTests {
  private static final Path DEMO = Path.of("demo-model");

  @TempDir Path folder;

  private Path prompts(DemoPrompts.Label label) throws IOException {
    List<String> all =
        DemoPrompts.tune().stream()
            .filter(e -> e.label() == label)
            .map(DemoPrompts.Entry::prompt)
            .toList();
    return Files.write(folder.resolve(label + ".txt"), all.subList(0, 10));
  }

  private CommandRun fit(String method, Path out, Object... more) throws IOException {
    List<Object> all =
        new java.util.ArrayList<>(
            List.of(
                "tune",
                "edit",
                "--method",
                method,
                "--layer",
                3,
                "--model",
                DEMO,
                "--harmful",
                prompts(DemoPrompts.Label.HARMFUL),
                "--benign",
                prompts(DemoPrompts.Label.BENIGN),
                "--out",
                out));
    all.addAll(List.of(more));
    all.add("--json");
    return CommandRun.of(all.toArray());
  }

  private String answers(Object... more) throws IOException {
    Path file = prompts(DemoPrompts.Label.PSEUDO_HARMFUL);
    List<Object> all =
        new java.util.ArrayList<>(List.of("generate", "--max-tokens", 24, "--file", file));
    all.addAll(List.of(more));
    CommandRun run = CommandRun.of(all.toArray());
    assertEquals(0, run.status(), run.err());
    return run.out();
  }

  @Test
  void anAblationIsAppliedAndMerged() throws IOException {
    Path out = folder.resolve("edit");
    CommandRun run = fit("ablation", out);
    assertEquals(0, run.status(), run.err());
    JsonObject json = run.json();
    assertEquals("ablation", json.get("method").getAsString());
    Path merged = folder.resolve("merged");
    CommandRun merge =
        CommandRun.of("export", "merged", "--model", DEMO, "--adapter", out, "--out", merged);
    assertEquals(0, merge.status(), merge.err());
    String edited = answers("--model", DEMO, "--adapter", out);
    assertEquals(edited, answers("--model", merged));
    assertFalse(edited.equals(answers("--model", DEMO)), edited);
  }

  @Test
  void theOtherMethodsWriteEditsThatAreNotAllMerged() throws IOException {
    Path pseudo = prompts(DemoPrompts.Label.PSEUDO_HARMFUL);
    CommandRun run =
        fit("false_refusal", folder.resolve("f"), "--pseudo-harmful", pseudo, "--lambda", 0.8);
    assertEquals(0, run.status(), run.err());
    CommandRun alpha = fit("alphasteer", folder.resolve("a"), "--strength", 0.5);
    assertEquals(0, alpha.status(), alpha.err());
    assertTrue(alpha.json().getAsJsonObject("metrics").has("layer 3"), alpha.out());
    CommandRun merge =
        CommandRun.of(
            "export",
            "merged",
            "--model",
            DEMO,
            "--adapter",
            folder.resolve("a"),
            "--out",
            folder.resolve("m"));
    assertEquals(1, merge.status(), merge.err());
    assertTrue(merge.err().contains("gate is not constant"), merge.err());
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    CommandRun none = fit("false_refusal", folder.resolve("x"));
    assertEquals(1, none.status(), none.err());
    assertTrue(none.err().contains("--pseudo-harmful"), none.err());
    CommandRun high = fit("ablation", folder.resolve("x"), "--layer", 99);
    assertTrue(high.status() != 0, high.err());
    assertFalse(Files.exists(folder.resolve("x")));
  }
}
