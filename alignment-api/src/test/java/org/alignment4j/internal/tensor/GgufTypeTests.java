package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Blocks dequantise to the bits that Python's gguf package gives: it computes in float32 too, with
 * the same operations in the same order, so that no tolerance is needed.
 */
class GgufTypeTests {
  static List<GgufType> readable() {
    return Arrays.stream(GgufType.values()).filter(GgufType::isReadable).toList();
  }

  @Test
  void numbersAndSizesArePythons() throws IOException {
    List<String> lines =
        Files.readString(Goldens.gguf("types.tsv"), StandardCharsets.UTF_8).lines().toList();
    Set<GgufType> missing = EnumSet.allOf(GgufType.class);
    for (String line : lines) {
      String[] fields = line.split("\t", -1);
      GgufType type = GgufType.valueOf(fields[0]);
      missing.remove(type);
      assertEquals(Integer.parseInt(fields[1]), type.number(), line);
      assertEquals(Integer.parseInt(fields[2]), type.blockElements(), line);
      // The package still has the two floats of Q8_1 as they were before they became halves.
      int bytes = type == GgufType.Q8_1 ? 40 - 4 : Integer.parseInt(fields[3]);
      assertEquals(bytes, type.blockBytes(), line);
      assertTrue(type.blockElements() <= GgufType.MAX_PER_BYTE * type.blockBytes(), line);
      assertEquals(type, GgufType.of(type.number()));
    }
    assertEquals(Set.of(), missing);
  }

  @ParameterizedTest
  @MethodSource("readable")
  void blocksBecomePythonsFloatsToTheBit(GgufType type) {
    try (GgufFile file = GgufFile.open(Goldens.gguf(type + ".gguf"))) {
      GgufTensor info = file.info("blocks");
      assertEquals(type, info.type());
      assertArrayEquals(file.info("expected").shape(), info.shape());
      assertArrayEquals(bits(file.floats("expected")), bits(file.floats("blocks")));
    }
  }

  @ParameterizedTest
  @MethodSource("readable")
  void anyRangeIsRead(GgufType type) {
    try (GgufFile file = GgufFile.open(Goldens.gguf(type + ".gguf"))) {
      float[] all = file.floats("expected");
      Random random = new Random(type.number());
      for (int i = 0; i < 200; i++) {
        int from = random.nextInt(all.length + 1);
        int count = random.nextInt(all.length + 1 - from);
        FloatBuffer into = FloatBuffer.allocate(count + 2).position(1).limit(count + 1);
        file.read("blocks", from, into);
        assertEquals(count + 1, into.position());
        float[] expected = new float[count + 2];
        System.arraycopy(all, from, expected, 1, count);
        assertArrayEquals(bits(expected), bits(into.array()), from + " " + count);
      }
    }
  }

  /** Against the decoded elements, which the Python package gguf computed. */
  @ParameterizedTest
  @EnumSource(
      value = GgufType.class,
      names = {"Q4_0", "Q4_1", "Q4_K"})
  void elementsOfFourBitsAreReadAsTheyAre(GgufType type) {
    assertTrue(type.isFourBit());
    try (GgufFile file = GgufFile.open(Goldens.gguf(type + ".gguf"))) {
      float[] all = file.floats("expected");
      GgufGroups groups = GgufGroups.of(all.length / 32);
      file.readGroups("blocks", 0, groups);
      int checked = 0;
      for (int i = 0; i < all.length; i++) {
        float scale = groups.scales()[i / 32];
        float offset = groups.offsets()[i / 32];
        if (Float.isFinite(scale) && Float.isFinite(offset)) {
          double q = groups.integers()[i];
          assertTrue(0 <= q && q <= 15);
          assertEquals(
              all[i], offset + scale * q, Math.ulp(Math.abs(offset) + 15 * Math.abs(scale)));
          checked++;
        }
      }
      assertTrue(checked > all.length / 2);
      int perBlock = type.blockElements() / 32;
      GgufGroups last = GgufGroups.of(perBlock);
      int first = groups.count() - perBlock;
      file.readGroups("blocks", first, last);
      assertArrayEquals(Arrays.copyOfRange(groups.scales(), first, groups.count()), last.scales());
      assertArrayEquals(
          Arrays.copyOfRange(groups.integers(), 32 * first, 32 * groups.count()), last.integers());
      assertThrows(
          IllegalArgumentException.class, () -> file.readGroups("blocks", groups.count(), last));
    }
  }

  @Test
  void manyThreadsReadOneFile() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (GgufFile file = GgufFile.open(Goldens.gguf("Q4_K.gguf"))) {
      int[] expected = bits(file.floats("expected"));
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        all.add(
            threads.submit(
                () -> {
                  for (int k = 0; k < 200; k++) {
                    assertArrayEquals(expected, bits(file.floats("blocks")));
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      assertNotNull(threads.shutdownNow());
    }
  }

  /** NaNs, whose payloads processors convert differently, as one. */
  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }
}
