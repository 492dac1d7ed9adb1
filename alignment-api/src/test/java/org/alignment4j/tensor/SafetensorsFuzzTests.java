package org.alignment4j.tensor;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files: reading ends with data or a {@link CheckpointException}, soon and in bounds. */
class SafetensorsFuzzTests {
  private static final String[] TOKENS = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "null",
    "true",
    "-1",
    "0",
    "1e9",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "4294967296",
    "[]",
    "{}",
    "\"F32\"",
    "\"F16\"",
    "\"U64\"",
    "\"BOOL\"",
    "\"F8_E4M3\"",
    "dtype",
    "shape",
    "data_offsets",
    "__metadata__",
    "\u0000",
    "é",
    "\ud83d\ude00",
    " ",
    "/*",
    "NaN",
    "[0,0]",
    "[[[[[[[["
  };
  private static final long MAX_ALLOCATED = 4 << 20;
  private static final long MAX_NANOS = 2_000_000_000L;

  private final Path folder;

  SafetensorsFuzzTests(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Timeout(60)
  void twoThousandDamagedFilesAreReadOrRefused() throws IOException {
    fuzz(2_000, 11);
  }

  @Test
  @Tag("slow")
  void manyDamagedFilesAreReadOrRefused() throws IOException {
    fuzz(100_000, 12);
  }

  private void fuzz(int count, long seed) throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Random random = new Random(seed);
    byte[] good =
        RawFiles.bytes(
            "{\"__metadata__\":{\"format\":\"pt\",\"k\":\"é\"},"
                + "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,32]},"
                + "\"b\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[32,48]},"
                + "\"c\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[48,56]},"
                + "\"d\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[56,58]},"
                + "\"e\":{\"dtype\":\"BOOL\",\"shape\":[0],\"data_offsets\":[58,58]},"
                + "\"f\":{\"dtype\":\"U8\",\"shape\":[6],\"data_offsets\":[58,64]}}  ",
            64);
    int read = 0;
    int refused = 0;
    for (int i = 0; i < count; i++) {
      byte[] damaged = good;
      do {
        damaged = mutate(damaged, random);
      } while (random.nextInt(4) == 0);
      // A new file each time: overwriting one makes some file systems flush it.
      Path file = RawFiles.write(folder.resolve("fuzz" + i), damaged);
      String what = "mutation " + i + ": " + new String(damaged, StandardCharsets.ISO_8859_1);
      long allocated = threads.getCurrentThreadAllocatedBytes();
      long start = System.nanoTime();
      try {
        readAll(file);
        read++;
      } catch (CheckpointException e) {
        refused++;
      } catch (Throwable e) {
        throw new AssertionError(what, e);
      }
      long nanos = System.nanoTime() - start;
      long bytes = threads.getCurrentThreadAllocatedBytes() - allocated;
      Files.delete(file);
      assertTrue(nanos < MAX_NANOS, () -> nanos + " ns for " + what);
      assertTrue(bytes < MAX_ALLOCATED, () -> bytes + " bytes for " + what);
    }
    assertTrue(read > count / 50 && refused > count / 2, read + " read, " + refused + " refused");
  }

  private static void readAll(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (TensorInfo info : file.tensors().values()) {
        if (info.type().isFloat()) {
          file.floats(info.name());
        } else if (info.type().isInteger()) {
          file.longs(info.name());
        }
        file.readRaw(info.name(), 0, ByteBuffer.allocate((int) info.bytes()));
      }
    }
  }

  /** One damage: to bits, length, or the text of the header, whose length is often set right. */
  private static byte[] mutate(byte[] bytes, Random random) {
    int at = random.nextInt(bytes.length);
    int span = Math.min(bytes.length - at, 1 + random.nextInt(16));
    byte[] token = TOKENS[random.nextInt(TOKENS.length)].getBytes(StandardCharsets.UTF_8);
    byte[] result =
        switch (random.nextInt(7)) {
          case 0 -> {
            byte[] copy = bytes.clone();
            copy[at] ^= (byte) (1 << random.nextInt(8));
            yield copy;
          }
          case 1 -> {
            byte[] copy = bytes.clone();
            copy[at] = (byte) random.nextInt();
            yield copy;
          }
          case 2 -> Arrays.copyOf(bytes, at); // truncated
          case 3 -> splice(bytes, at, span, new byte[0]);
          case 4 -> splice(bytes, at, 0, token);
          case 5 -> splice(bytes, at, span, token);
          default -> splice(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + span)); // doubled
        };
    if (result.length < 9) {
      return RawFiles.length(random.nextLong());
    }
    switch (random.nextInt(8)) {
      case 0 ->
          System.arraycopy(
              RawFiles.length(random.nextLong() >>> random.nextInt(64)), 0, result, 0, 8);
      case 1, 2, 3 ->
          System.arraycopy(RawFiles.length(Math.max(0, result.length - 8 - 64)), 0, result, 0, 8);
      default -> {}
    }
    return result;
  }

  private static byte[] splice(byte[] bytes, int at, int removed, byte[] added) {
    byte[] result = new byte[bytes.length - removed + added.length];
    System.arraycopy(bytes, 0, result, 0, at);
    System.arraycopy(added, 0, result, at, added.length);
    System.arraycopy(bytes, at + removed, result, at + added.length, bytes.length - at - removed);
    return result;
  }
}
