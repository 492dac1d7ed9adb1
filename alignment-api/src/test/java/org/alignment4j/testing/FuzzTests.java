package org.alignment4j.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The harness sees what it is there to see. */
class FuzzTests {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void choose() {
    file = folder.resolve("case");
  }

  private Fuzz.Tally run(Fuzz.Reader reader) {
    return new Fuzz(file, "case", CheckpointException.class, 0.2, 1 << 20)
        .run(20, 5, r -> ("text " + r.nextInt(4)).getBytes(StandardCharsets.UTF_8), reader);
  }

  private String fails(Fuzz.Reader reader) {
    return String.valueOf(assertThrows(AssertionError.class, () -> run(reader)).getMessage());
  }

  @Test
  void resultsAndExplainedRefusalsAreCounted() {
    Fuzz.Tally tally =
        run(
            () -> {
              if (!Files.readString(file).endsWith("0")) {
                throw new CheckpointException("case is damaged");
              }
            });
    assertEquals(20, tally.read() + tally.refused());
    assertTrue(tally.read() > 0 && tally.refused() > 0, tally::toString);
    assertEquals(tally.read(), run(() -> readOnly("0")).read());
  }

  private void readOnly(String end) throws java.io.IOException {
    if (!Files.readString(file).endsWith(end)) {
      throw new CheckpointException("case is damaged");
    }
  }

  @Test
  void otherErrorsFailWithSeedAndText() {
    for (RuntimeException e :
        List.of(
            new IllegalArgumentException("case"),
            new NullPointerException(),
            new CheckpointException("does not say where"),
            new BadDataException("case, but of another kind"))) {
      String message =
          fails(
              () -> {
                throw e;
              });
      assertTrue(message.contains("version 0 of seed 5: text "), message);
    }
    fails(
        () -> {
          throw new StackOverflowError();
        });
  }

  @Test
  void aReaderThatHangsFails() {
    String message =
        fails(
            () -> {
              while (!Thread.interrupted()) {
                Thread.onSpinWait();
              }
            });
    assertTrue(message.contains("of computing") && message.contains("text "), message);
  }

  @Test
  void aReaderThatTakesTooMuchMemoryFails() {
    String message = fails(() -> Files.write(folder.resolve("large"), new byte[2 << 20]));
    assertTrue(message.contains("bytes of heap"), message);
  }

  @Test
  void jsonIsDamagedInManyWaysAndTheSameSeedGivesTheSame() {
    JsonDamage damage = new JsonDamage(List.of("k", "z"), List.of("\"v\"", "[9]"));
    String good = "{\"a\":1,\"b\":[true,\"text\",{\"c\":null}],\"d\":{\"e\":2.5}}";
    Set<String> found = new HashSet<>();
    int stillJson = 0;
    for (int seed = 0; seed < 500; seed++) {
      String damaged = damage.once(good, new Random(seed));
      assertEquals(damaged, damage.once(good, new Random(seed)));
      found.add(damaged);
      try {
        JsonParser.parseString(damaged);
        stillJson++;
      } catch (com.google.gson.JsonParseException e) {
        assertTrue(damaged.length() > good.length() / 2, damaged);
      }
    }
    assertTrue(found.size() > 200, "only " + found.size() + " kinds");
    assertTrue(stillJson > 350, "only " + stillJson + " of 500 are JSON");
    assertTrue(found.stream().anyMatch(t -> t.contains("\"a\":1,\"a\":")), "a key twice");
    assertTrue(found.stream().anyMatch(t -> !t.contains("\"d\"")), "a key deleted");
    assertTrue(found.stream().anyMatch(t -> t.contains("\"z\":[9]")), "a key added");
  }
}
