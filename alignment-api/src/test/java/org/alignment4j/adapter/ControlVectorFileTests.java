package org.alignment4j.adapter;

import static org.alignment4j.adapter.ControlVectors.assertIdentical;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tensor.GgufWriter;
import org.alignment4j.testing.Shared;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlVectorFileTests {
  @TempDir Path folder;

  /** A file written by Python's gguf package 0.17, as repeng does it. */
  static byte[] golden(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ControlVectorFileTests.class.getResourceAsStream(name))) {
      return in.readAllBytes();
    }
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("v.gguf"), bytes);
  }

  @Test
  void readsWhatPythonWrote() throws IOException {
    ControlVector v = ControlVector.readGguf(file(golden("repeng.gguf")));
    assertEquals(
        List.of(new Layer(1), new Layer(3), new Layer(12)), List.copyOf(v.directions().keySet()));
    assertIdentical(
        new float[] {(float) (3 * 0.1), -1e-40f, 3.4e38f, 0f, -0f},
        v.directions().get(new Layer(3)));
    Map<String, Object> settings = v.provenance().settings();
    assertEquals("gguf", v.provenance().method());
    assertEquals("mistral", settings.get("controlvector.model_hint"));
    assertEquals(64, v.provenance().inputs().get("file").length());
    Map<String, Object> expected = new LinkedHashMap<>();
    expected.put("t.uint8", 200L);
    expected.put("t.int8", -100L);
    expected.put("t.uint16", 60_000L);
    expected.put("t.int16", -30_000L);
    expected.put("t.uint32", 4_000_000_000L);
    expected.put("t.int32", -2_000_000_000L);
    expected.put("t.uint64", Long.MIN_VALUE + 1);
    expected.put("t.int64", -(1L << 62));
    expected.put("t.float32", 1.5f);
    expected.put("t.float64", 0.1);
    expected.put("t.bool", true);
    expected.put("t.string", "né😀");
    expected.put("t.strings", List.of("a", "", "ß"));
    expected.put("t.ints", List.of(1L, -2L, 3L));
    expected.put("t.floats", List.of(0.5f, 2.25f));
    expected.put("t.bools", List.of(true, false));
    expected.put("general.alignment", 64L);
    expected.forEach((key, value) -> assertEquals(value, settings.get(key), key));
    ControlVector nested = ControlVector.readGguf(file(golden("nested.gguf")));
    assertEquals(
        List.of(List.of(1L, 2L), List.of(3L)), nested.provenance().settings().get("t.nested"));
  }

  /** Writes what it reads from a file. */
  private static void copy(Path from, Path to) {
    try (GgufFile file = GgufFile.open(from, "controlvector")) {
      List<GgufWriter.Tensor> tensors = new ArrayList<>();
      file.tensors()
          .forEach(
              (name, t) -> tensors.add(GgufWriter.Tensor.of(name, t.shape(), file.floats(name))));
      GgufWriter.write(to, file.version(), file.metadata(), tensors);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"repeng.gguf", "nested.gguf"})
  void writesTheSameBytesAsPython(String name) throws IOException {
    Path copy = folder.resolve("copy.gguf");
    copy(file(golden(name)), copy);
    assertArrayEquals(golden(name), Files.readAllBytes(copy));
  }

  @Test
  void realFilesSurviveToTheByte() throws IOException {
    Path real = Shared.path("fixtures", "control-vectors");
    List<Path> files;
    try (Stream<Path> all = Files.list(real)) {
      files = all.filter(f -> f.toString().endsWith(".gguf")).toList();
    }
    assertEquals(6, files.size());
    for (Path file : files) {
      Path copy = folder.resolve("copy.gguf");
      copy(file, copy);
      assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(copy), file.toString());
      ControlVector v = ControlVector.readGguf(file);
      assertEquals(28, v.directions().size());
      assertEquals(1536, v.width());
      v.writeGguf(copy, "qwen2");
      assertIdentical(v, ControlVector.readGguf(copy));
      ControlVector again = ControlVector.readGguf(copy);
      assertEquals(v.provenance().method(), again.provenance().method());
    }
  }

  @Property(tries = 50)
  void directionsSurviveToTheBit(@ForAll long seed) throws IOException {
    Path file = Files.createTempFile("v", ".gguf");
    try {
      ControlVector v = ControlVectors.random(seed);
      v.writeGguf(file, "llama");
      ControlVector read = ControlVector.readGguf(file);
      assertIdentical(v, read);
      assertEquals(v.provenance(), read.provenance());
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void savesAFolderWithProvenanceAndHint() throws IOException {
    Path saved = folder.resolve("a/b");
    Provenance provenance =
        new Provenance("test", Map.of("model_hint", "qwen3"), 3, Map.of(), Map.of("auroc", 0.5));
    ControlVector v = new ControlVector(ControlVectors.of(2, 1, 2).directions(), provenance);
    v.save(saved);
    v.save(saved); // replaces
    try (Stream<Path> files = Files.list(saved)) {
      assertEquals(
          List.of("control_vector.gguf", "provenance.json"),
          files.map(f -> f.getFileName().toString()).sorted().toList());
    }
    assertEquals(
        provenance, Provenance.fromJson(Files.readString(saved.resolve("provenance.json"))));
    assertEquals(v, ControlVector.load(saved));
    try (GgufFile gguf = GgufFile.open(saved.resolve("control_vector.gguf"), "controlvector")) {
      assertEquals("qwen3", gguf.metadata().get("controlvector.model_hint").decoded());
      assertEquals(1L, gguf.metadata().get("controlvector.layer_count").decoded());
      assertEquals("direction.1", gguf.tensors().keySet().iterator().next());
    }
    assertTrue(
        assertThrows(CheckpointException.class, () -> ControlVector.load(folder))
            .getMessage()
            .contains("control_vector.gguf"));
  }

  @Test
  void theEmbeddingsHaveNoPlaceInAFile() {
    Path saved = folder.resolve("s");
    ControlVector v = ControlVectors.of(0, 1, 2);
    assertThrows(IllegalArgumentException.class, () -> v.writeGguf(folder.resolve("f"), "x"));
    assertThrows(IllegalArgumentException.class, () -> v.save(saved));
    assertFalse(Files.exists(saved));
  }

  @Test
  void aFolderThatIsMissingIsNamed() {
    Path file = folder.resolve("none/v.gguf");
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> ControlVectors.of(2, 1).writeGguf(file, "x"));
    assertTrue(e.getMessage().contains("none"), e.getMessage());
  }

  // ---- damage, on a file of one value and two tensors of two numbers

  private static byte[] small() {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    metadata.put(GgufFile.ARCHITECTURE, GgufValue.of("controlvector"));
    return bytes(
        3,
        metadata,
        List.of(
            GgufWriter.Tensor.of("direction.1", new long[] {2}, new float[] {1, 2}),
            GgufWriter.Tensor.of("direction.2", new long[] {2}, new float[] {3, 4})));
  }

  private static byte[] bytes(
      int version, Map<String, GgufValue> metadata, List<GgufWriter.Tensor> tensors) {
    try {
      Path file = Files.createTempFile("v", ".gguf");
      GgufWriter.write(file, version, metadata, tensors);
      byte[] bytes = Files.readAllBytes(file);
      Files.delete(file);
      return bytes;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static int find(byte[] bytes, String text) {
    return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
  }

  /** The offset of a field of a tensor's entry: shape 15, type 23, offset 27 behind its name. */
  private static byte[] with(String name, int behind, long value, int width) {
    byte[] bytes = small();
    ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = name.isEmpty() ? behind : find(bytes, name) + name.length() + behind;
    if (width == 8) {
      b.putLong(at, value);
    } else {
      b.putInt(at, (int) value);
    }
    return bytes;
  }

  private String refusal(byte[] bytes) throws IOException {
    Path file = file(bytes);
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> ControlVector.readGguf(file));
    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    return e.getMessage().substring(file.toString().length() + 2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''          | 0  | 1                   | 4 | expected a GGUF file, found another magic number
          ''          | 4  | 1                   | 4 | found version 1
          ''          | 4  | 50331648            | 4 | big-endian
          ''          | 8  | 4611686018427387904 | 8 | number of tensors of at most
          ''          | 16 | -1                  | 8 | found 18446744073709551615
          ''          | 24 | 4611686018427387904 | 8 | key of metadata value 0
          architecture| 0  | 77                  | 4 | has type 77
          architecture| 4  | 999999              | 8 | length of metadata value
          direction.2 | 0  | 9                   | 4 | 'direction.2' has 9 dimensions
          direction.2 | 4  | -1                  | 8 | 'direction.2' has more than
          direction.2 | 4  | 1073741824          | 8 | 'direction.2' has more than
          direction.2 | 4  | 100                 | 8 | 'direction.2' of type F32 and shape [100] at offset 32
          direction.2 | 4  | 1                   | 8 | direction.2 has shape [1], expected [2]
          direction.2 | 12 | 1                   | 4 | 'direction.2' has type 1, expected 0 (F32)
          direction.2 | 16 | 4                   | 8 | 'direction.2' is at offset 4
          direction.2 | 16 | 0                   | 8 | overlaps
          direction.2 | 16 | 9223372036854775776 | 8 | 'direction.2' of type F32 and shape [2] at offset 92233
          direction.2 | 16 | -32                 | 8 | 'direction.2' is at offset 18446744073709551584
          """)
  void damageIsNamed(String name, int behind, long value, int width, String message)
      throws IOException {
    String found = refusal(with(name, behind, value, width));
    assertTrue(found.contains(message), found);
  }

  @Test
  void foreignAndDoubledNamesAreRefused() throws IOException {
    byte[] bytes = small();
    bytes[find(bytes, "direction.2") + 10] = '1';
    assertEquals("tensor 'direction.1' occurs twice", refusal(bytes));
    for (String name : List.of("direction.x", "direction.-", "directiom.3", "direction.")) {
      bytes = small();
      System.arraycopy(
          Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), 11),
          0,
          bytes,
          find(bytes, "direction.2"),
          11);
      assertTrue(refusal(bytes).startsWith("expected tensors direction.N, found 'dire"));
    }
    bytes = small();
    bytes[find(bytes, "controlvector")] = 'C';
    assertEquals(
        "expected general.architecture 'controlvector', found 'Controlvector'", refusal(bytes));
    bytes[find(bytes, "architecture")] = 'X';
    assertEquals("expected general.architecture controlvector, found none", refusal(bytes));
  }

  @Test
  void numbersThatAreNotFiniteAreNamed() throws IOException {
    byte[] bytes = small();
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(bytes.length - 28, Float.POSITIVE_INFINITY);
    assertEquals("tensor direction.2, number 1 is Infinity, not finite", refusal(bytes));
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] bytes = golden("repeng.gguf");
    int data = find(bytes, "direction.11") + 12 + 24;
    for (int length = 0; length < bytes.length; length += length < data ? 1 : 40) {
      if (length > bytes.length - 44) {
        break; // only padding is missing
      }
      refusal(Arrays.copyOf(bytes, length));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 131_072})
  void alignmentsThatAreNoPowerOfTwoAreRefused(int alignment) throws IOException {
    byte[] bytes = golden("repeng.gguf");
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(find(bytes, "general.alignment") + 17 + 4, alignment);
    assertEquals(
        "general.alignment is " + alignment + ", expected a power of two of at most 65536",
        refusal(bytes));
  }

  @Test
  void aDamagedProvenanceIsRefusedWithItsName() throws IOException {
    for (String json : List.of("", "{", "[]", "{\"method\": 1}", "null", "{\"seed\": \"x\"}")) {
      Map<String, GgufValue> metadata = new LinkedHashMap<>();
      metadata.put(GgufFile.ARCHITECTURE, GgufValue.of("controlvector"));
      metadata.put("alignment4j.provenance", GgufValue.of(json));
      byte[] bytes =
          bytes(
              2,
              metadata,
              List.of(GgufWriter.Tensor.of("direction.1", new long[] {1}, new float[] {1})));
      assertEquals("metadata value alignment4j.provenance is damaged", refusal(bytes));
    }
  }

  @Test
  void aModelIsRefusedByItsArchitectureAndAFolderByItsKind() throws IOException {
    byte[] bytes = bytes(3, Map.of(GgufFile.ARCHITECTURE, GgufValue.of("qwen2")), List.of());
    assertEquals("expected general.architecture 'controlvector', found 'qwen2'", refusal(bytes));
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> ControlVector.readGguf(folder));
    assertTrue(e.getMessage().contains("expected a file, found a folder"), e.getMessage());
  }
}
