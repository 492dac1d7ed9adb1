package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.OutOfMemoryException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTests {
  private final Path folder;

  SafetensorsFileTests(@TempDir Path folder) {
    this.folder = folder;
  }

  /** Written by PyTorch 2.13 and safetensors 0.8: one set of floats in three types, and more. */
  private static SafetensorsFile torch() {
    return SafetensorsFile.open(RawFiles.resource("/safetensors/torch.safetensors"));
  }

  @Test
  void conversionsAgreeWithPyTorch() {
    try (SafetensorsFile file = torch()) {
      float[] source = file.floats("f32");
      assertTrue(source.length > 7000);
      for (String name : List.of("f16", "bf16")) {
        boolean half = name.equals("f16");
        float[] read = file.floats(name);
        ByteBuffer raw =
            ByteBuffer.allocate((int) file.info(name).bytes()).order(ByteOrder.LITTLE_ENDIAN);
        file.readRaw(name, 0, raw);
        for (int i = 0; i < source.length; i++) {
          if (Float.isNaN(source[i])) {
            assertTrue(Float.isNaN(read[i]));
            continue;
          }
          short stored = raw.getShort(2 * i);
          SlowFloats slow = half ? SlowFloats.HALF : SlowFloats.BFLOAT16;
          assertEquals((float) slow.decode(stored), read[i]);
          assertEquals(
              stored,
              half
                  ? HalfPrecision.floatToHalf(source[i])
                  : HalfPrecision.floatToBfloat16(source[i]),
              name + " of " + source[i]);
        }
      }
      assertArrayEquals(file.floats("f64_as_f32"), file.floats("f64"));
    }
  }

  @Test
  void integersOfEveryTypeAreReadWithTheirSign() {
    try (SafetensorsFile file = torch()) {
      long max = Long.MAX_VALUE;
      assertArrayEquals(new long[] {-max - 1, -1, 0, 1, max}, file.longs("i64"));
      assertArrayEquals(new long[] {-1L << 31, -1, 0, 1, (1L << 31) - 1}, file.longs("i32"));
      assertArrayEquals(new long[] {-32768, -1, 0, 1, 32767}, file.longs("i16"));
      assertArrayEquals(new long[] {-128, -1, 0, 1, 127}, file.longs("i8"));
      assertArrayEquals(new long[] {0, 1, 0, 1, 255}, file.longs("u8"));
      assertArrayEquals(new long[] {0, 1, 0, 1, 65535}, file.longs("u16"));
      assertArrayEquals(new long[] {0, 1, 0, 1, 0xffff_ffffL}, file.longs("u32"));
      assertArrayEquals(new long[] {0, 1, 0, 1, max}, file.longs("u64"));
      assertArrayEquals(new long[] {1, 0, 0, 1}, file.longs("bool"));
    }
  }

  @Test
  void scalarsEmptyTensorsAndMetadataAreRead() {
    try (SafetensorsFile file = torch()) {
      assertArrayEquals(new float[] {2.5f}, file.floats("scalar"));
      assertArrayEquals(new long[0], file.info("scalar").shape());
      assertArrayEquals(new float[0], file.floats("empty"));
      assertEquals("torch", file.metadata().get("made_by"));
      assertEquals("\"\\\n", file.metadata().get("ünï"));
    }
  }

  @Test
  void realCheckpointHasItsGoldenValues() {
    try (SafetensorsFile file =
            SafetensorsFile.open(RawFiles.resource("/parity/llama2/model.safetensors"));
        SafetensorsFile expected =
            SafetensorsFile.open(RawFiles.resource("/parity/llama2/expected.safetensors"))) {
      assertEquals(Map.of("format", "pt"), file.metadata());
      assertEquals(39, file.tensors().size());
      float[] head = file.floats("lm_head.weight");
      assertEquals(320 * 64, head.length);
      assertArrayEquals(
          new float[] {0.114032716f, -0.031955667f, 0.04482838f}, Arrays.copyOf(head, 3));
      assertEquals(0.006296829f, head[head.length - 1]);
      FloatBuffer last = FloatBuffer.allocate(1);
      file.read("model.layers.3.mlp.up_proj.weight", 160 * 64 - 1, last);
      assertEquals(-0.017222935f, last.get(0));
      assertArrayEquals(new long[] {231, 38, 184}, Arrays.copyOf(expected.longs("greedy"), 3));
      assertEquals(6.031688f, expected.floats("loss")[0]);
    }
  }

  @Test
  void wrongRequestsSayWhatIsWrong() {
    try (SafetensorsFile file = torch()) {
      String path = file.path().toString();
      assertSays(CheckpointException.class, () -> file.info("none"), path, "'none'");
      assertSays(CheckpointException.class, () -> file.floats("i32"), path, "'i32'", "F16", "I32");
      assertSays(CheckpointException.class, () -> file.floats("f8"), path, "'f8'", "F8_E4M3");
      assertSays(CheckpointException.class, () -> file.longs("f32"), path, "'f32'", "F32");
      assertSays(
          IllegalArgumentException.class,
          () -> file.read("scalar", 0, FloatBuffer.allocate(2)),
          "'scalar'",
          "has 1 elements",
          "2 from index 0");
      assertSays(
          IllegalArgumentException.class,
          () -> file.read("f32", -1, FloatBuffer.allocate(1)),
          "from index -1");
      assertSays(
          IllegalArgumentException.class,
          () -> file.read("f32", Long.MAX_VALUE, FloatBuffer.allocate(1)),
          "'f32'");
      assertSays(
          IllegalArgumentException.class,
          () -> file.readRaw("scalar", 1, ByteBuffer.allocate(4)),
          "has 4 bytes");
    }
  }

  private static void assertSays(
      Class<? extends Exception> type,
      org.junit.jupiter.api.function.Executable call,
      String... s) {
    String message = assertThrows(type, call).getMessage();
    assertNotNull(message);
    for (String part : s) {
      assertTrue(message.contains(part), () -> "expected '" + part + "' in: " + message);
    }
  }

  @Test
  void unsignedAboveLongIsRefused() {
    Path file =
        RawFiles.write(
            folder.resolve("a"),
            RawFiles.bytes(
                "{\"w\":{\"dtype\":\"U64\",\"shape\":[2],\"data_offsets\":[0,16]}}", 16));
    try (SafetensorsFile f = SafetensorsFile.open(file)) {
      // bytes 7 i: element 1 ends in 105, 98.. and element 0 in 49: both positive
      assertEquals(2, f.longs("w").length);
    }
    byte[] bytes =
        RawFiles.bytes("{\"w\":{\"dtype\":\"U64\",\"shape\":[2],\"data_offsets\":[0,16]}}", 16);
    bytes[bytes.length - 1] = -1;
    RawFiles.write(file, bytes);
    try (SafetensorsFile f = SafetensorsFile.open(file)) {
      assertSays(CheckpointException.class, () -> f.longs("w"), "'w'", "2^63", "element 1");
    }
  }

  @Test
  void anyKindOfBufferIsFilledFromItsPosition() {
    try (SafetensorsFile file = torch()) {
      for (String name : List.of("f32", "f16", "bf16", "f64")) {
        float[] all = file.floats(name);
        float[] array = new float[20];
        FloatBuffer slice = FloatBuffer.wrap(array, 2, 15).slice();
        slice.position(3);
        FloatBuffer direct = ByteBuffer.allocateDirect(80).asFloatBuffer(); // big-endian
        direct.position(5).limit(17);
        for (FloatBuffer into : List.of(slice, direct)) {
          int at = into.position();
          file.read(name, 100, into);
          assertFalse(into.hasRemaining());
          for (int i = 0; i < 12; i++) {
            assertEquals(all[100 + i], into.get(at + i));
          }
        }
        assertEquals(0f, array[4]);
        assertEquals(all[100], array[5]);
        assertEquals(0f, array[17]);
      }
    }
  }

  @Test
  void shapeOfInfoCannotBeChangedFromOutside() {
    try (SafetensorsFile file = torch()) {
      TensorInfo info = file.info("bool");
      info.shape()[0] = 99;
      assertArrayEquals(new long[] {2, 2}, info.shape());
      assertEquals(info, file.info("bool"));
      assertThrows(UnsupportedOperationException.class, () -> file.tensors().clear());
    }
  }

  @Test
  void closedFileRefusesToRead() {
    SafetensorsFile file = torch();
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, () -> file.floats("scalar"));
  }

  @Test
  void fileTruncatedWhileOpenIsReported() throws IOException {
    Path copy = folder.resolve("copy");
    Files.copy(RawFiles.resource("/safetensors/torch.safetensors"), copy);
    try (SafetensorsFile file = SafetensorsFile.open(copy)) {
      try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
        channel.truncate(file.info("f32").offset() + 10);
      }
      assertSays(
          CheckpointException.class,
          () -> file.floats("f32"),
          copy.toString(),
          "'f32'",
          "truncated");
    }
  }

  /** A file of zeros but for its last bytes, which takes next to no room on most file systems. */
  private Path sparse(String name, String dtype, long elements, int width, byte... tail)
      throws IOException {
    Path file = folder.resolve(name);
    byte[] header =
        RawFiles.bytes(
            "{\"big\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
                .formatted(dtype, elements, elements * width),
            0);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(ByteBuffer.wrap(header));
      channel.write(ByteBuffer.wrap(tail), header.length + elements * width - tail.length);
    }
    return file;
  }

  @Test
  void tailOfTensorBeyondTwoGibibytesIsRead() throws IOException {
    long elements = (1L << 31) + 16; // 4 GiB; more than an array or buffer holds
    Path path = sparse("big", "BF16", elements, 2, (byte) 0x80, (byte) 0x3f, (byte) 0, (byte) 0x40);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      FloatBuffer tail = FloatBuffer.allocate(3);
      file.read("big", elements - 3, tail);
      assertArrayEquals(new float[] {0, 1, 2}, tail.array());
      ByteBuffer raw = ByteBuffer.allocate(3);
      file.readRaw("big", 2 * elements - 3, raw);
      assertArrayEquals(new byte[] {0x3f, 0, 0x40}, raw.array());
      assertSays(OutOfMemoryException.class, () -> file.floats("big"), "'big'", "in parts");
    }
  }

  @Test
  void tensorThatDoesNotFitInTheHeapIsReportedNotFatal() throws IOException {
    Assumptions.assumeTrue(Runtime.getRuntime().maxMemory() < 14L << 30, "heap below 14 GiB");
    Path path = sparse("wide", "U8", Integer.MAX_VALUE - 100, 1, (byte) 1);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertSays(OutOfMemoryException.class, () -> file.longs("big"), "'big'", "in parts");
    }
  }

  @Test
  @Timeout(60)
  void interruptingOneReaderLeavesTheOthersReading() throws Exception {
    long elements = 4 << 20;
    Path path = sparse("shared", "F32", elements, 4, (byte) 0, (byte) 0, (byte) 0x80, (byte) 0x3f);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      AtomicBoolean stop = new AtomicBoolean();
      AtomicInteger reads = new AtomicInteger();
      CompletableFuture<Void> other =
          CompletableFuture.runAsync(
              () -> {
                FloatBuffer tail = FloatBuffer.allocate(1 << 16);
                while (!stop.get()) {
                  file.read("big", elements - tail.capacity(), tail.clear());
                  assertEquals(1f, tail.get(tail.capacity() - 1));
                  reads.incrementAndGet();
                }
              });
      for (int i = 0; i < 12; i++) {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread victim =
            new Thread(
                () -> {
                  try {
                    while (true) {
                      file.floats("big");
                    }
                  } catch (Throwable t) {
                    ended.complete(t);
                  }
                });
        victim.start();
        Thread.sleep(1 + i);
        victim.interrupt();
        assertEquals(
            CancelledException.class, ended.get(20, TimeUnit.SECONDS).getClass(), "victim " + i);
      }
      int before = reads.get();
      while (reads.get() == before && !other.isDone()) {
        Thread.sleep(1);
      }
      stop.set(true);
      other.get(20, TimeUnit.SECONDS);
    }
  }
}
