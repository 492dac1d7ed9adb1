package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.testing.BinaryDamage;
import org.alignment4j.testing.Fuzz;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged tokenizers in GGUF: loading ends with a tokenizer or an error that names the file. */
class GgufTokenizerFuzzTests {
  private static final List<String> FILES = List.of("byte-level.gguf", "pieces.gguf", "gemma.gguf");

  @TempDir Path folder;

  @Test
  void damagedFilesAreLoadedOrRefused() {
    fuzz(200, 41);
  }

  @Test
  @Tag("slow")
  void manyDamagedFilesAreLoadedOrRefused() {
    fuzz(6_000, 42);
  }

  private void fuzz(int count, long seed) {
    Path file = folder.resolve("fuzz.gguf");
    Fuzz.Tally tally =
        new Fuzz(file, file.toString(), AlignmentException.class, 5, 64 << 20)
            .run(count, seed, this::damaged, () -> loadAndUse(file));
    assertTrue(tally.read() > count / 10 && tally.refused() > count / 10, tally::toString);
  }

  private byte[] damaged(Random random) {
    Path sound = GgufFixtures.file(FILES.get(random.nextInt(FILES.size())));
    Path changed = folder.resolve("changed.gguf");
    try {
      if (random.nextInt(4) == 0) {
        return BinaryDamage.once(Files.readAllBytes(sound), random);
      }
      GgufFixtures.changed(sound, changed, metadata -> change(metadata, random));
      return Files.readAllBytes(changed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Changes one value so that the file still has the form of GGUF. */
  private static void change(Map<String, GgufValue> metadata, Random random) {
    List<String> keys = metadata.keySet().stream().filter(k -> k.startsWith("token")).toList();
    String key = keys.get(random.nextInt(keys.size()));
    GgufValue value = metadata.get(key);
    String[] texts = value.strings();
    int[] numbers = value.ints();
    switch (random.nextInt(4)) {
      case 0 -> metadata.remove(key);
      case 1 -> metadata.put(key, metadata.get(keys.get(random.nextInt(keys.size()))));
      default -> {
        if (texts != null) {
          metadata.put(key, GgufFixtures.strings(changed(texts, random)));
        } else if (numbers != null) {
          numbers[random.nextInt(numbers.length)] = random.nextInt(9) - 1;
          metadata.put(key, GgufFixtures.ints(numbers));
        } else if (value.raw().length <= Integer.BYTES) {
          byte[] raw = value.raw().clone();
          raw[0] = (byte) (raw.length == 1 ? 1 - raw[0] : random.nextInt(256));
          metadata.put(key, new GgufValue(value.type(), raw));
        } else {
          metadata.put(key, GgufValue.of(random.nextBoolean() ? "llama" : "gpt2"));
        }
      }
    }
  }

  private static List<String> changed(String[] texts, Random random) {
    List<String> all = new ArrayList<>(Arrays.asList(texts));
    int at = random.nextInt(all.size());
    String other = all.get(random.nextInt(all.size()));
    switch (random.nextInt(5)) {
      case 0 -> all.set(at, "");
      case 1 -> all.set(at, all.get(at) + other);
      case 2 -> all.set(at, " ".repeat(1 + random.nextInt(4)));
      case 3 -> all.remove(at);
      default -> {
        all.set(all.indexOf(other), all.get(at));
        all.set(at, other);
      }
    }
    return all;
  }

  private static void loadAndUse(Path file) {
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      tokenizer.encode(Prompt.user("Hello <s> world  [INST] <0x41> \u2581\u2581 1234\n\n\n!"));
      tokenizer.encodeRaw("x");
    }
  }
}
