package org.alignment4j.examples.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alignment4j.core.BadDataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkloadTests {
  @TempDir Path folder;

  @Test
  void generatedWorkIsTheSameEveryTimeAndOfTheStatedLengths() {
    Workload work = Workload.generated();
    assertEquals(96, work.prompts().size());
    assertTrue(work.prompts().stream().allMatch(p -> p.length >= 12 && p.length <= 80));
    assertArrayEquals(work.prompts().get(95), Workload.generated().prompts().get(95));
  }

  @Test
  void numbersBecomeIdsAboveTheSpecialTokens() throws IOException {
    Path file = Files.writeString(folder.resolve("w.json"), "{\"prompts\": [[0, 16, 17, 35]]}");
    assertArrayEquals(new int[] {3, 19, 3, 4}, Workload.read(file).ids(20).get(0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"prompts\": []}",
        "{\"prompts\": [[]]}",
        "{\"prompts\": [[-1]]}",
        "{\"prompts\": [[\"x\"]]}",
        "{\"prompts\": 3}",
        "{\"prompts\": [3]}"
      })
  void anotherFileIsRefusedByName(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("w.json"), text);
    BadDataException e = assertThrows(BadDataException.class, () -> Workload.read(file));
    assertTrue(e.getMessage().contains("w.json"), e.getMessage());
  }
}
