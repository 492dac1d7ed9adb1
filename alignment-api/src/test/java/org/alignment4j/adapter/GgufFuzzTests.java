package org.alignment4j.adapter;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.testing.BinaryDamage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files: reading ends with a vector or a {@link CheckpointException}, soon, in bounds. */
class GgufFuzzTests {
  private static final long MAX_ALLOCATED = 2 << 20;
  private static final long MAX_NANOS = 2_000_000_000L;

  private final Path folder;

  GgufFuzzTests(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Timeout(60)
  void fourThousandDamagedFilesAreReadOrRefused() throws IOException {
    fuzz(4_000, 21);
  }

  @Test
  @Tag("slow")
  void manyDamagedFilesAreReadOrRefused() throws IOException {
    fuzz(200_000, 22);
  }

  private void fuzz(int count, long seed) throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Random random = new Random(seed);
    Path own = folder.resolve("own.gguf");
    ControlVectors.random(1).writeGguf(own, "llama");
    byte[][] good = {
      ControlVectorFileTests.golden("repeng.gguf"),
      ControlVectorFileTests.golden("nested.gguf"),
      Files.readAllBytes(own)
    };
    int read = 0;
    int refused = 0;
    for (int i = 0; i < count; i++) {
      byte[] damaged = good[i % good.length];
      do {
        damaged = BinaryDamage.once(damaged, random);
      } while (random.nextInt(4) == 0);
      // A new file each time: overwriting one makes some file systems flush it.
      Path file = Files.write(folder.resolve("fuzz" + i), damaged);
      long allocated = threads.getCurrentThreadAllocatedBytes();
      long start = System.nanoTime();
      try {
        ControlVector.readGguf(file);
        read++;
      } catch (CheckpointException e) {
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
        refused++;
      } catch (Throwable e) {
        throw new AssertionError("mutation " + i + ": " + Arrays.toString(damaged), e);
      }
      long nanos = System.nanoTime() - start;
      long bytes = threads.getCurrentThreadAllocatedBytes() - allocated;
      Files.delete(file);
      String what = "mutation " + i;
      assertTrue(nanos < MAX_NANOS, () -> nanos + " ns for " + what);
      assertTrue(bytes < MAX_ALLOCATED, () -> bytes + " bytes for " + what);
    }
    assertTrue(read > count / 50 && refused > count / 3, read + " read, " + refused + " refused");
  }
}
