package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Written tensors have the bytes that Python's gguf package gives them. */
class GgufEncoderTests {
  @TempDir Path folder;

  private byte[] written(GgufType type, long[] shape, float[] values) throws IOException {
    Path file = folder.resolve("w.gguf");
    GgufWriter.write(
        file,
        3,
        Map.of(),
        List.of(
            new GgufWriter.Tensor(
                "t", type, shape, (at, into) -> into.put(values, (int) at, into.remaining()))));
    try (GgufFile read = GgufFile.open(file)) {
      assertEquals(Files.size(file) % 32, 0);
      return raw(read, "t");
    }
  }

  private static byte[] raw(GgufFile file, String name) {
    ByteBuffer bytes = ByteBuffer.allocate((int) file.info(name).bytes());
    file.readRaw(name, 0, bytes);
    return bytes.array();
  }

  @ParameterizedTest
  @EnumSource(
      value = GgufType.class,
      names = {"F16", "BF16", "Q8_0", "Q4_0"})
  void floatsBecomePythonsBytes(GgufType type) throws IOException {
    try (GgufFile golden = GgufFile.open(Goldens.gguf("quantised.gguf"))) {
      float[] floats = golden.floats("floats");
      assertArrayEquals(
          raw(golden, type.name()), written(type, golden.info("floats").shape(), floats));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgufType.class,
      names = {"F32", "F16", "BF16", "Q8_0", "Q4_0"})
  void chunksJoinAndStoredNumbersStayAsTheyAre(GgufType type) throws IOException {
    Random random = new Random(type.number());
    float[] values = new float[64 * 10_001]; // more than two chunks, the last one shorter
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    byte[] once = written(type, new long[] {64, 10_001}, values);
    float[] back;
    try (GgufFile file = GgufFile.open(folder.resolve("w.gguf"))) {
      back = file.floats("t");
    }
    double step = type == GgufType.Q4_0 ? 0.7 : type == GgufType.Q8_0 ? 0.03 : 0.02;
    for (int i = 0; i < values.length; i++) {
      assertEquals(values[i], back[i], step);
    }
    if (type != GgufType.Q4_0) { // its largest element may get the other sign
      assertArrayEquals(once, written(type, new long[] {64, 10_001}, back));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F16, 65520",
    "F16, NaN",
    "BF16, 3.4e38",
    "Q8_0, 8400000",
    "Q4_0, -530000",
    "Q4_0, Infinity"
  })
  void numbersThatDoNotFitAreNamed(GgufType type, float value) {
    float[] values = new float[64];
    values[40] = value;
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> written(type, new long[] {64}, values));
    assertTrue(e.getMessage().contains("tensor 't': element 40 is "), e.getMessage());
    assertTrue(Files.notExists(folder.resolve("w.gguf")));
  }

  @Test
  void rowsMustBeWholeBlocks() {
    assertThrows(
        IllegalArgumentException.class,
        () -> written(GgufType.Q8_0, new long[] {16, 4}, new float[64]));
    assertThrows(
        IllegalArgumentException.class,
        () -> written(GgufType.Q6_K, new long[] {256}, new float[256]));
  }
}
