package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

class SafetensorsRoundTripTests {
  private static @Nullable Path folder;

  @BeforeContainer
  static void makeFolder() throws IOException {
    folder = Files.createTempDirectory("safetensors");
  }

  @AfterContainer
  static void removeFolder() throws IOException {
    Files.deleteIfExists(file());
    Files.deleteIfExists(java.util.Objects.requireNonNull(folder));
  }

  private static Path file() {
    return java.util.Objects.requireNonNull(folder).resolve("w.safetensors");
  }

  @Provide
  Arbitrary<List<String>> names() {
    Arbitrary<String> plain = Arbitraries.strings().ofMaxLength(20).excludeChars('\ud800');
    return plain
        .filter(n -> n.codePoints().noneMatch(c -> c >= 0xd800 && c < 0xe000))
        .filter(n -> !n.equals("__metadata__"))
        .list()
        .uniqueElements()
        .ofMaxSize(20);
  }

  @Property(tries = 200)
  void whatIsWrittenIsRead(
      @ForAll("names") List<String> names, @ForAll long seed, @ForAll("texts") String text) {
    Random random = new Random(seed);
    StorageType[] types =
        Arrays.stream(StorageType.values())
            .filter(t -> t.isFloat() || t.isInteger())
            .toArray(StorageType[]::new);
    Map<String, float[]> floats = new HashMap<>();
    Map<String, long[]> longs = new HashMap<>();
    List<TensorSource> sources = new ArrayList<>();
    for (String name : names) {
      StorageType type = types[random.nextInt(types.length)];
      long[] shape = random.ints(random.nextInt(4), 0, 6).asLongStream().toArray();
      int n = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      if (type.isFloat()) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
          values[i] = Float.intBitsToFloat(random.nextInt());
        }
        floats.put(name, rounded(type, values));
        sources.add(TensorSource.of(name, type, shape, values));
      } else {
        long[] values = random.longs(n).map(v -> within(type, v)).toArray();
        longs.put(name, values);
        sources.add(TensorSource.ofLongs(name, type, shape, values));
      }
    }
    SafetensorsWriter.write(file(), Map.of("text", text), sources);
    try (SafetensorsFile read = SafetensorsFile.open(file())) {
      assertEquals(Map.of("format", "pt", "text", text), read.metadata());
      assertEquals(names.size(), read.tensors().size());
      for (TensorSource source : sources) {
        TensorInfo info = read.info(source.name());
        assertEquals(source.type(), info.type());
        assertArrayEquals(source.shape(), info.shape());
        if (source.type().isFloat()) {
          // Arrays of floats compare NaN as equal and tell zeros apart.
          assertArrayEquals(floats.get(source.name()), read.floats(source.name()));
        } else {
          assertArrayEquals(longs.get(source.name()), read.longs(source.name()));
        }
      }
    }
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings()
        .ofMaxLength(30)
        .filter(n -> n.codePoints().noneMatch(c -> c >= 0xd800 && c < 0xe000));
  }

  private static float[] rounded(StorageType type, float[] values) {
    float[] result = values.clone();
    if (type.bytes() == 2) {
      SlowFloats slow = type == StorageType.F16 ? SlowFloats.HALF : SlowFloats.BFLOAT16;
      for (int i = 0; i < result.length; i++) {
        if (!Float.isNaN(result[i])) {
          result[i] = (float) slow.decode(slow.encode(result[i]));
        }
      }
    }
    return result;
  }

  private static long within(StorageType type, long value) {
    return switch (type) {
      case I64 -> value;
      case U64 -> value >>> 1;
      case I32 -> (int) value;
      case I16 -> (short) value;
      case I8 -> (byte) value;
      case U32 -> value & 0xffff_ffffL;
      case U16 -> value & 0xffff;
      case U8 -> value & 0xff;
      default -> value & 1;
    };
  }
}
