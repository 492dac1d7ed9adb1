package org.alignment4j.examples.cli.synthesize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.alignment4j.core.BadDataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a description's file may hold is bounded. */
@Timeout(10)
class YamlSettingsTests {
  @TempDir Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("run.yaml"), text);
  }

  private void assertRefused(String text, String reason) throws IOException {
    Path file = file(text);
    String message =
        assertThrows(BadDataException.class, () -> YamlSettings.read(file)).getMessage();
    assertTrue(message.contains(file.toString()), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void depthNumbersAliasesAndSizeAreBounded() throws IOException {
    assertRefused("a: " + "[".repeat(100_000), "at most 32 deep");
    assertRefused("a: " + "{b: ".repeat(33) + "1" + "}".repeat(33), "at most 32 deep");
    assertRefused("a: " + "9".repeat(500_000), "numbers of at most 100 characters");
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 60; i++) {
      String item = "*a" + (i - 1);
      bomb.append("a" + i + ": &a" + i + " [" + (item + ", ").repeat(8) + item + "]\n");
    }
    assertRefused(bomb.toString(), "aliases");
    assertRefused("a: &a [*a]\n" + " ".repeat(1 << 20), "expected at most 1048576 bytes");
  }

  @Test
  void numbersAreFinite() throws IOException {
    YamlSettings read = YamlSettings.read(file("a: 1e999999999\nb: .inf\nc: 0.5\n"));
    for (String key : new String[] {"a", "b"}) {
      String message = assertThrows(BadDataException.class, () -> read.number(key)).getMessage();
      assertTrue(message.contains("run.yaml: " + key + ": expected a number"), message);
    }
    assertEquals(Optional.of(new BigDecimal("0.5")), read.number("c"));
  }
}
