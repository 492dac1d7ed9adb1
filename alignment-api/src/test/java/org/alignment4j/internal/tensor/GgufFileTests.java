package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.testing.Shared;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GgufFileTests {
  private static final int PARTS = 3;

  @TempDir Path folder;

  // ---- the real file; numbers by: gguf_goldens.py sums FILE NAME...

  private static Path real() {
    return Shared.path("models", "SmolLM2-135M-Instruct.Q4_1.gguf");
  }

  @Test
  void listsARealModel() {
    try (GgufFile file = GgufFile.open(real(), "llama")) {
      CRC32 crc = new CRC32();
      file.tensors()
          .forEach(
              (name, t) ->
                  crc.update(
                      (name + " " + t.type() + " " + Arrays.toString(t.shape()) + "\n")
                          .getBytes(StandardCharsets.UTF_8)));
      assertEquals(272, file.tensors().size());
      assertEquals(2845038346L, crc.getValue());
      List<?> tokens = (List<?>) value(file, "tokenizer.ggml.tokens").decoded();
      assertEquals(49_152, tokens.size());
      assertEquals("<|im_start|>", tokens.get(1));
    }
  }

  private static GgufValue value(GgufFile file, String key) {
    GgufValue value = file.metadata().get(key);
    assertTrue(value != null, key);
    return value;
  }

  @ParameterizedTest
  @CsvSource({
    "token_embd.weight, -15353.04449415207, 964192520",
    "blk.0.attn_norm.weight, 0.6129436492919922, 3410047211",
    "blk.0.ffn_down.weight, 150.63577270507812, 2301288721",
    "blk.17.ffn_gate.weight, -212.6943588256836, 3962428102",
    "blk.29.attn_k.weight, 87.89241790771484, 2737578116",
    "blk.29.attn_output.weight, 110.86758422851562, 781717558",
    "output_norm.weight, 1038.33203125, 3330350700"
  })
  void dequantisesARealModelAsPythonDoes(String name, double sum, long crc) {
    try (GgufCheckpoint file = GgufCheckpoint.open(real())) {
      long elements = file.info(name).elements();
      CRC32 found = new CRC32();
      double total = 0;
      int most = 100_003; // no multiple of a block or a chunk
      ByteBuffer bytes = ByteBuffer.allocate(4 * most).order(ByteOrder.LITTLE_ENDIAN);
      FloatBuffer values = bytes.asFloatBuffer();
      for (long first = 0; first < elements; first += most) {
        values.clear().limit((int) Math.min(most, elements - first));
        file.read(name, first, values);
        values.flip();
        for (int i = 0; i < values.limit(); i++) {
          total += values.get(i);
        }
        found.update(bytes.array(), 0, 4 * values.limit());
      }
      assertEquals(sum, total);
      assertEquals(crc, found.getValue());
    }
  }

  // ---- types, ranges

  /** A golden file with the type of its tensor "blocks" and its first dimension replaced. */
  private Path blocks(int type, long width) throws IOException {
    byte[] bytes = Files.readAllBytes(Goldens.gguf("I8.gguf"));
    int behind = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("blocks") + 6;
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(behind + 4, width)
        .putInt(behind + 20, type);
    return Files.write(folder.resolve("blocks.gguf"), bytes);
  }

  @Test
  void aTypeThatCannotBeReadIsNamedWithThoseThatCan() throws IOException {
    try (GgufFile file = GgufFile.open(blocks(GgufType.IQ1_S.number(), 256))) {
      CheckpointException e = assertThrows(CheckpointException.class, () -> file.floats("blocks"));
      assertTrue(
          e.getMessage().contains("tensor 'blocks': expected one of the types F32, F16, Q4_0"));
      assertTrue(e.getMessage().endsWith("found IQ1_S"), e.getMessage());
      ByteBuffer raw = ByteBuffer.allocate(50);
      file.readRaw("blocks", 0, raw);
      assertEquals(0, raw.remaining());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          31 | 64  | tensor 'blocks' has type 31, expected one of 0 (F32), 1 (F16)
          -1 | 64  | tensor 'blocks' has type 4294967295, expected
          24 | 4096| tensor 'blocks' has more than 9216 numbers, which the file has no room for: dim
          12 | 64  | shape [64, 3], expected rows of a multiple of 256 numbers, as its type is Q4_K
          2  | 33  | shape [33, 3], expected rows of a multiple of 32 numbers, as its type is Q4_0
          25 | 64  | tensor 'expected' overlaps tensor 'blocks'
          24 | 2000| 'blocks' of type I8 and shape [2000, 3] at offset 0 does not lie within the 960 bytes
          """)
  void typesAndShapesThatDoNotFitAreRejected(int type, long width, String message)
      throws IOException {
    Path file = blocks(type, width);
    CheckpointException e = assertThrows(CheckpointException.class, () -> GgufFile.open(file));
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void rangesOutsideOfATensorAreRejected() {
    try (GgufFile file = GgufFile.open(Goldens.gguf("Q8_0.gguf"))) {
      for (long first : new long[] {-1, 191, 192, Long.MAX_VALUE, Long.MIN_VALUE}) {
        IllegalArgumentException e =
            assertThrows(
                IllegalArgumentException.class,
                () -> file.read("blocks", first, FloatBuffer.allocate(2)));
        assertTrue(e.getMessage().contains("tensor 'blocks' has 192 elements, asked for 2 from "));
      }
      assertThrows(
          IllegalArgumentException.class,
          () -> file.readRaw("blocks", 6 * 34, ByteBuffer.allocate(1)));
      CheckpointException e = assertThrows(CheckpointException.class, () -> file.floats("none"));
      assertTrue(e.getMessage().endsWith("expected tensor 'none', found none"), e.getMessage());
    }
  }

  @Test
  void aClosedFileCannotBeRead() {
    GgufFile file = GgufFile.open(Goldens.gguf("Q8_0.gguf"));
    file.close();
    assertThrows(IllegalStateException.class, () -> file.floats("blocks"));
  }

  @Test
  void anotherArchitectureIsRejectedBeforeWhatFollowsIsRead() throws IOException {
    Path golden = Goldens.gguf("Q8_0.gguf");
    byte[] bytes = Files.readAllBytes(golden);
    int end = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("blocks");
    Path file = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(bytes, end));
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> GgufFile.open(file, "llama"));
    assertTrue(
        e.getMessage().endsWith("expected general.architecture 'llama', found 'test'"),
        e.getMessage());
  }

  // ---- split files

  private static String part(int i) {
    return "split-0000" + i + "-of-0000" + PARTS + ".gguf";
  }

  private void copyParts() throws IOException {
    for (int i = 1; i <= PARTS; i++) {
      Files.write(folder.resolve(part(i)), Files.readAllBytes(Goldens.gguf(part(i))));
    }
  }

  private String rejection(int opened) {
    CheckpointException e =
        assertThrows(
            CheckpointException.class, () -> GgufCheckpoint.open(folder.resolve(part(opened))));
    assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
    return e.getMessage();
  }

  private void put(int i, String key, int behind, int value) throws IOException {
    Path file = folder.resolve(part(i));
    byte[] bytes = Files.readAllBytes(file);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(key) + key.length() + behind;
    bytes[at] = (byte) value;
    Files.write(file, bytes);
  }

  @Test
  void aSplitFileIsReadFromAnyOfItsParts() throws IOException {
    copyParts();
    for (int i = 1; i <= PARTS; i++) {
      try (GgufCheckpoint checkpoint = GgufCheckpoint.open(folder.resolve(part(i)))) {
        assertEquals(List.of("t0", "t1", "t2", "t3", "t4"), List.copyOf(checkpoint.names()));
        assertEquals(PARTS, checkpoint.files().size());
        GgufValue name = checkpoint.metadata().get("general.name");
        assertTrue(name != null && name.decoded().equals("in parts"));
        for (String tensor : checkpoint.names()) {
          assertArrayEquals(new long[] {3, 2}, checkpoint.info(tensor).shape());
          float[] values = checkpoint.floats(tensor);
          ByteBuffer raw = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
          checkpoint.readRaw(tensor, 0, raw);
          assertEquals(raw.flip().asFloatBuffer(), FloatBuffer.wrap(values));
        }
        assertThrows(CheckpointException.class, () -> checkpoint.info("t5"));
      }
    }
  }

  @Test
  void partsThatDoNotBelongTogetherAreRejected() throws IOException {
    copyParts();
    Files.delete(folder.resolve(part(2)));
    assertTrue(rejection(3).contains("found no " + part(2)));
    copyParts();
    put(2, "split.no", 4, 2);
    assertTrue(rejection(1).endsWith(part(2) + ": expected split.no 1, as its name says, found 2"));
    copyParts();
    put(3, "split.count", 4, 4);
    assertTrue(rejection(1).endsWith("expected split.count 3, as its name says, found 4"));
    copyParts();
    put(3, "split.count", -1, 'x');
    assertTrue(rejection(1).endsWith("expected split.count 3, as its name says, found none"));
    copyParts();
    put(1, "split.tensors.count", 4, 6);
    assertTrue(rejection(2).contains("expected 6 tensors in all parts"));
    copyParts();
    put(3, "t4", -1, '0');
    assertTrue(rejection(1).contains(part(3) + ": tensor 't0' is in " + part(1) + " too"));
    copyParts();
    Path alone = Files.move(folder.resolve(part(1)), folder.resolve("alone.gguf"));
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> GgufCheckpoint.open(alone));
    assertTrue(e.getMessage().endsWith("expected split.count 1, as its name says, found 3"));
  }
}
