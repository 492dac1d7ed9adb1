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
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTests {
  private final Path folder;
  private final Path file;

  SafetensorsWriterTests(@TempDir Path folder) {
    this.folder = folder;
    this.file = folder.resolve("w.safetensors");
  }

  private static TensorSource floats(String name, StorageType type, float... values) {
    return TensorSource.of(name, type, new long[] {values.length}, values);
  }

  @Test
  void headerIsPaddedAndCarriesFormatAndMetadata() throws IOException {
    SafetensorsWriter.write(file, Map.of("k", "<\"é&>"), List.of(floats("a", StorageType.F32, 1)));
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) bytes.getLong(0);
    assertEquals(0, length % 8);
    assertEquals(8 + length + 4, bytes.capacity());
    assertEquals(
        "{\"__metadata__\":{\"format\":\"pt\",\"k\":\"<\\\"é&>\"},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        new String(bytes.array(), 8, length, StandardCharsets.UTF_8).stripTrailing());
    assertEquals(1f, bytes.getFloat(8 + length));
  }

  @Test
  void everyElementLiesAligned() {
    SafetensorsWriter.write(
        file,
        Map.of(),
        List.of(
            TensorSource.ofLongs("u8", StorageType.U8, new long[] {3}, new long[] {1, 2, 255}),
            floats("f16", StorageType.F16, 1, 2, 3),
            floats("f32", StorageType.F32, 1),
            floats("f64", StorageType.F64, 1)));
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertEquals(List.of("f64", "f32", "f16", "u8"), List.copyOf(read.tensors().keySet()));
      read.tensors().values().forEach(t -> assertEquals(0, t.offset() % t.type().bytes()));
    }
  }

  @Test
  void fillerIsAskedForEachElementOnceInOrder() {
    int n = 700_000; // several chunks
    List<Long> asked = new ArrayList<>();
    TensorSource source =
        new TensorSource(
            "a",
            StorageType.F64,
            new long[] {n},
            (first, into) -> {
              asked.add(first);
              for (long i = first; into.hasRemaining(); i++) {
                into.put((float) i);
              }
            });
    SafetensorsWriter.write(file, Map.of(), List.of(source));
    assertTrue(asked.size() > 2);
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      float[] values = read.floats("a");
      for (int i = 0; i < n; i++) {
        assertEquals(i, values[i]);
      }
    }
  }

  @Test
  void untouchedTensorsOfMergedFileKeepEveryBit() throws IOException {
    Path torch = RawFiles.resource("/safetensors/torch.safetensors");
    Files.copy(torch, file);
    try (SafetensorsFile source = SafetensorsFile.open(file)) {
      List<TensorSource> tensors = new ArrayList<>();
      for (String name : source.tensors().keySet()) {
        tensors.add(
            name.equals("scalar")
                ? TensorSource.of(name, StorageType.F32, new long[0], new float[] {7})
                : TensorSource.copy(source, name));
      }
      SafetensorsWriter.write(file, source.metadata(), tensors); // onto the file being read
    }
    try (SafetensorsFile before = SafetensorsFile.open(torch);
        SafetensorsFile after = SafetensorsFile.open(file)) {
      assertEquals(before.tensors().keySet(), after.tensors().keySet());
      for (String name : before.tensors().keySet()) {
        assertEquals(before.info(name).type(), after.info(name).type());
        assertArrayEquals(before.info(name).shape(), after.info(name).shape());
        if (!name.equals("scalar")) {
          assertArrayEquals(raw(before, name), raw(after, name), name);
        }
      }
      assertArrayEquals(new float[] {7}, after.floats("scalar"));
      assertEquals("torch", after.metadata().get("made_by"));
    }
  }

  private static byte[] raw(SafetensorsFile file, String name) {
    ByteBuffer bytes = ByteBuffer.allocate((int) file.info(name).bytes());
    file.readRaw(name, 0, bytes);
    return bytes.array();
  }

  @Test
  void failedOrInterruptedWriteLeavesTheOldFileAndNothingElse() throws IOException {
    SafetensorsWriter.write(file, Map.of(), List.of(floats("a", StorageType.F32, 1)));
    byte[] old = Files.readAllBytes(file);
    long[] shape = {1 << 20};
    TensorSource failing =
        new TensorSource(
            "a",
            StorageType.F32,
            shape,
            (first, into) -> {
              if (first > 0) {
                throw new UnsupportedOperationException("on purpose");
              }
              into.position(into.limit());
            });
    assertThrows(
        UnsupportedOperationException.class,
        () -> SafetensorsWriter.write(file, Map.of(), List.of(failing)));
    TensorSource interrupted =
        new TensorSource(
            "a",
            StorageType.F32,
            shape,
            (first, into) -> {
              into.position(into.limit());
              Thread.currentThread().interrupt();
            });
    assertThrows(
        CancelledException.class,
        () -> SafetensorsWriter.write(file, Map.of(), List.of(interrupted)));
    assertTrue(Thread.interrupted(), "the interrupt is left for callers to see");
    TensorSource lazy = new TensorSource("a", StorageType.F32, shape, (first, into) -> {});
    assertThrows(
        IllegalArgumentException.class,
        () -> SafetensorsWriter.write(file, Map.of(), List.of(lazy)));
    assertArrayEquals(old, Files.readAllBytes(file));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  @Test
  void fileIsReadableByTheSameUsersAsAnyNewFile() throws IOException {
    Assumptions.assumeTrue(
        Files.getFileAttributeView(folder, PosixFileAttributeView.class) != null, "POSIX");
    SafetensorsWriter.write(file, Map.of(), List.of());
    Path plain = Files.createFile(folder.resolve("plain"));
    assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(file));
  }

  @Test
  void unwritableTargetIsReportedWithItsName() {
    Path nowhere = folder.resolve("none").resolve("w.safetensors");
    CheckpointException e =
        assertThrows(
            CheckpointException.class, () -> SafetensorsWriter.write(nowhere, Map.of(), List.of()));
    assertTrue(String.valueOf(e.getMessage()).contains(nowhere.toString()));
  }

  @Test
  void wrongSourcesAreRefused() {
    long[] one = {1};
    float[] f = {1};
    assertRefused(() -> TensorSource.of("a", StorageType.I32, one, f));
    assertRefused(() -> TensorSource.of("a", StorageType.F8_E4M3, one, f));
    assertRefused(() -> TensorSource.of("a", StorageType.F32, new long[] {2}, f));
    assertRefused(() -> TensorSource.of("a", StorageType.F32, new long[] {-1}, f));
    assertRefused(() -> TensorSource.of("a", StorageType.F32, new long[] {-1, -1}, f));
    assertRefused(() -> TensorSource.of("__metadata__", StorageType.F32, one, f));
    assertRefused(
        () ->
            new TensorSource(
                "a", StorageType.F32, new long[] {1L << 40, 1L << 40}, (first, into) -> {}));
    assertRefused(() -> TensorSource.ofLongs("a", StorageType.F32, one, new long[] {1}));
    assertRefused(() -> TensorSource.ofLongs("a", StorageType.I8, one, new long[] {128}));
    assertRefused(() -> TensorSource.ofLongs("a", StorageType.I8, one, new long[] {-129}));
    assertRefused(() -> TensorSource.ofLongs("a", StorageType.U8, one, new long[] {-1}));
    assertRefused(() -> TensorSource.ofLongs("a", StorageType.U64, one, new long[] {-1}));
    assertRefused(() -> TensorSource.ofLongs("a", StorageType.BOOL, one, new long[] {2}));
    TensorSource a = floats("a", StorageType.F32, 1);
    assertRefused(() -> SafetensorsWriter.write(file, Map.of(), List.of(a, a)));
    TensorSource half = floats("\ud800", StorageType.F32, 1);
    assertRefused(() -> SafetensorsWriter.write(file, Map.of(), List.of(half)));
    assertTrue(Files.notExists(file));
  }

  private static void assertRefused(org.junit.jupiter.api.function.Executable call) {
    assertThrows(IllegalArgumentException.class, call);
  }

  @Test
  @Tag("slow")
  void fileBeyondTwoGibibytesIsWrittenAndCopied() {
    long n = (1L << 30) + 5; // 2 GiB + 10 bytes as bfloat16
    TensorSource big =
        new TensorSource(
            "big",
            StorageType.BF16,
            new long[] {n},
            (first, into) -> {
              for (long i = first; into.hasRemaining(); i++) {
                into.put((float) (i % 128));
              }
            });
    SafetensorsWriter.write(file, Map.of(), List.of(big, floats("end", StorageType.BF16, 3)));
    Path copy = folder.resolve("copy.safetensors");
    try (SafetensorsFile source = SafetensorsFile.open(file)) {
      SafetensorsWriter.write(
          copy,
          Map.of(),
          List.of(TensorSource.copy(source, "big"), TensorSource.copy(source, "end")));
    }
    try (SafetensorsFile read = SafetensorsFile.open(copy)) {
      FloatBuffer tail = FloatBuffer.allocate(1000);
      read.read("big", n - 1000, tail);
      for (int i = 0; i < 1000; i++) {
        assertEquals((float) ((n - 1000 + i) % 128), tail.get(i));
      }
      assertTrue(Arrays.equals(new float[] {3}, read.floats("end")));
    }
  }
}
