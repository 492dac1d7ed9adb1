package org.alignment4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What all commands have in common. */
class AlignTests {
  @TempDir Path folder;

  @Test
  void noCommandIsAUsageError() {
    CommandRun run = CommandRun.of();
    assertEquals(2, run.status());
    assertEquals("", run.out());
    assertTrue(run.err().contains("command"), run.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fly",
        "verify-parity",
        "verify-parity a --precision half",
        "export",
        "export gguf --adapter a",
        "verify-parity a --wrong",
        "generate --model m",
        "generate --prompt p",
        "generate --model m --prompt p --file f",
        "generate --model m --prompt p --max-tokens many",
        "split --out d",
        "capture --model m --prompts p --out o.npz --layers 5-3",
        "capture --model m --prompts p --out o.npz --layers x",
        "capture --model m --prompts p --out o.npz --layers 1 --positions 0:0",
        "capture --model m --prompts p --out o.npz --layers 1 --positions first",
        "tune",
        "bench"
      })
  void wrongUsageIsStatus2AndNothingOnStandardOutput(String line) {
    CommandRun run = CommandRun.of((Object[]) line.split(" "));
    assertEquals(2, run.status(), run.err());
    assertEquals("", run.out());
    assertTrue(run.err().startsWith("align: "), run.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "verify-parity", "generate", "capture", "split", "bench", "probe", "demo"})
  void helpGoesToStandardOutput(String command) {
    CommandRun run = command.isEmpty() ? CommandRun.of("--help") : CommandRun.of(command, "--help");
    assertEquals(0, run.status());
    assertTrue(run.out().contains("Usage: align"), run.out());
    assertEquals("", run.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "verify-parity /no/such/folder",
        "generate --model /no/such/folder --prompt hello",
        "bench /no/such/folder",
        "capture --model /no/such/folder --prompts /no/such/file --layers all --out /tmp/o.npz",
        "generate --model /no/such/folder --file /no/such/file",
        "split --xstest /no/such/file --out /tmp",
        "verify-parity x --json /no/such/folder/out.json"
      })
  void whatIsMissingIsNamedInOneLine(String line) {
    CommandRun run = CommandRun.of((Object[]) line.split(" "));
    assertEquals(1, run.status(), run.err());
    assertEquals("", run.out());
    assertEquals(1, run.errorLines().size(), run.err());
    assertTrue(run.err().contains("/no/such/"), run.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "generate --prompt hello --model",
        "render --prompt hello --model",
        "export merged --adapter a --out o --model",
        "bench"
      })
  void modelsThatAreNotFoundByNameFailInOneLine(String line) {
    for (String name : List.of("ollama:none/none:none", "hf:none/none@none", "ollama:../x")) {
      CommandRun run = CommandRun.of((Object[]) (line + " " + name).split(" "));
      assertEquals(1, run.status(), run.err());
      assertEquals("", run.out());
      assertEquals(1, run.errorLines().size(), run.err());
      String argument = line.equals("bench") ? "CHECKPOINT" : "--model";
      assertTrue(run.err().startsWith("align: " + argument + ": "), run.err());
    }
  }

  @Test
  void aFileThatIsNoModelFailsWithItsName() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"hovercraft\"}");
    CommandRun run = CommandRun.of("bench", folder, "--json");
    assertEquals(1, run.status());
    assertEquals("", run.out());
    assertEquals(1, run.errorLines().size(), run.err());
    assertTrue(run.err().contains("hovercraft"), run.err());
  }

  @Test
  void theStackIsShownOnlyForDebugging() {
    assertEquals(1, CommandRun.of("bench", "/no/such/folder").errorLines().size());
    CommandRun run = CommandRun.of("bench", "/no/such/folder", "--debug");
    assertTrue(run.errorLines().size() > 5, run.err());
    assertTrue(run.err().contains("CheckpointException"), run.err());
  }

  @Test
  void jsonGoesToStandardOutputAloneOrToAFile() throws IOException {
    Path model = CommandRun.parityModel("llama2", folder.resolve("m"));
    CommandRun alone = CommandRun.of("verify-parity", model, "--json");
    assertEquals(0, alone.status(), alone.err());
    assertEquals("llama", alone.json().get("family").getAsString());
    Path file = folder.resolve("result.json");
    CommandRun toFile = CommandRun.of("verify-parity", model, "--json", file);
    assertEquals(0, toFile.status(), toFile.err());
    assertEquals(alone.out().strip(), Files.readString(file).strip());
    assertTrue(toFile.out().startsWith("llama: hidden"), toFile.out());
    try (var files = Files.list(folder)) {
      assertEquals(
          List.of("m", "result.json"),
          files.map(f -> f.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void interruptingEndsTheWorkAsCancelled() {
    Path model = Path.of("demo-model");
    Thread.currentThread().interrupt();
    CommandRun run = CommandRun.of("generate", "--model", model, "--prompt", "hello");
    assertTrue(Thread.interrupted(), "the interrupt is kept");
    assertEquals(130, run.status(), run.err());
    assertEquals("", run.out());
    assertEquals(1, run.errorLines().size(), run.err());
    assertFalse(run.err().contains("internal error"), run.err());
  }
}
