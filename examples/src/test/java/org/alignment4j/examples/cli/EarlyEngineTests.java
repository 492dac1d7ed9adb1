package org.alignment4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** For which command lines the engine loads before they are read. */
class EarlyEngineTests {
  private static boolean isNeeded(String line) {
    return EarlyEngine.isNeeded(line.isEmpty() ? new String[0] : line.split(" "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "generate --model m --prompt p",
        "chat --model m",
        "probe --model m --harmful h --benign b",
        "guard run --model m --guard g"
      })
  void commandsThatRunAModel(String line) {
    assertTrue(isNeeded(line));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--help",
        "fly",
        "render --model m --prompt p",
        "inspect f",
        "generate --help",
        "generate -h",
        "guard run --help",
        // The engine reads its number of threads when it loads.
        "generate --model m --prompt p --threads 1",
        "generate --model m --prompt p --threads=1",
        "generate @options"
      })
  void otherwiseItDoesNot(String line) {
    assertEquals(false, isNeeded(line));
  }

  @Test
  void theCommandsExist() {
    Set<String> all = Align.line().getSubcommands().keySet();
    assertTrue(all.containsAll(EarlyEngine.COMMANDS), all.toString());
  }
}
