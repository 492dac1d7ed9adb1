package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.testing.Damage;
import org.alignment4j.testing.Fuzz;
import org.alignment4j.testing.JsonDamage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files: reading ends with data or a {@link CheckpointException}, soon and in bounds. */
class SafetensorsFuzzTests {
  private static final List<String> WORDS =
      Stream.concat(
              Damage.JSON_WORDS.stream(),
              Stream.of(
                  "\"F32\"",
                  "\"F16\"",
                  "\"U64\"",
                  "\"BOOL\"",
                  "\"F8_E4M3\"",
                  "dtype",
                  "shape",
                  "data_offsets",
                  "__metadata__"))
          .toList();
  private static final JsonDamage HEADERS =
      new JsonDamage(
          List.of("dtype", "shape", "data_offsets", "__metadata__", "a.weight", "b", "", "\ud800"),
          List.of(
              "\"F32\"",
              "\"F64\"",
              "\"I64\"",
              "\"U8\"",
              "\"F8_E4M3\"",
              "\"F4\"",
              "\"f32\"",
              "[2,4]",
              "[8]",
              "[32]",
              "[64]",
              "[4294967296,4294967296]",
              "[9223372036854775807,2]",
              "[0,9223372036854775807]",
              "[2,4,1,1,1,1,1,1]",
              "[0,64]",
              "[32,0]",
              "[0,32]",
              "[0,9223372036854775807]",
              "[-1,31]",
              "[0,32.0]",
              "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[64,64]}"));
  private static final int DATA = 64;
  private static final String HEADER =
      "{\"__metadata__\":{\"format\":\"pt\",\"k\":\"é\"},"
          + "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,32]},"
          + "\"b\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[32,48]},"
          + "\"c\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[48,56]},"
          + "\"d\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[56,58]},"
          + "\"e\":{\"dtype\":\"BOOL\",\"shape\":[0],\"data_offsets\":[58,58]},"
          + "\"f\":{\"dtype\":\"U8\",\"shape\":[6],\"data_offsets\":[58,64]}}  ";
  private static final String INDEX =
      "{\"metadata\":{\"total_size\":64},\"weight_map\":{\"a.weight\":\"one.safetensors\","
          + "\"b\":\"one.safetensors\",\"g\":\"two.safetensors\"}}";
  private static final JsonDamage INDICES =
      new JsonDamage(
          List.of("weight_map", "metadata", "a.weight", "g", "zz", ""),
          List.of(
              "\"one.safetensors\"",
              "\"two.safetensors\"",
              "\"../one.safetensors\"",
              "\"/etc/passwd\"",
              "\"..\"",
              "\".\"",
              "\"one.safetensors/\"",
              "\"one\\u0000\"",
              "\"folder\"",
              "\"" + "n".repeat(300) + "\"",
              "{\"a.weight\":\"one.safetensors\"}",
              "{}"));
  private static final long MAX_ALLOCATED = 4 << 20;
  private static final double MAX_SECONDS = 2;

  private final Path folder;

  SafetensorsFuzzTests(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Timeout(60)
  void twoThousandDamagedFilesAreReadOrRefused() {
    damagedBytes(2_000, 11);
  }

  @Test
  @Tag("slow")
  void manyDamagedFilesAreReadOrRefused() {
    damagedBytes(100_000, 12);
  }

  @Test
  void headersThatSaySomethingElseAreReadOrRefused() {
    damagedHeaders(1_000, 13);
  }

  @Test
  @Tag("slow")
  void manyHeadersThatSaySomethingElseAreReadOrRefused() {
    damagedHeaders(40_000, 14);
  }

  @Test
  void damagedIndicesOfShardsAreReadOrRefused() throws IOException {
    damagedIndices(500, 15);
  }

  @Test
  @Tag("slow")
  void manyDamagedIndicesOfShardsAreReadOrRefused() throws IOException {
    damagedIndices(20_000, 16);
  }

  private void damagedBytes(int count, long seed) {
    byte[] good = RawFiles.bytes(HEADER, DATA);
    fuzz(
        count,
        seed,
        random -> {
          byte[] damaged = good;
          do {
            damaged = mutate(damaged, random);
          } while (random.nextInt(4) == 0);
          return damaged;
        });
  }

  private void damagedHeaders(int count, long seed) {
    fuzz(count, seed, random -> RawFiles.bytes(damaged(HEADERS, HEADER, random), DATA));
  }

  private void fuzz(int count, long seed, Function<Random, byte[]> versions) {
    Path file = folder.resolve("fuzz.safetensors");
    Fuzz.Tally tally =
        new Fuzz(file, file.toString(), CheckpointException.class, MAX_SECONDS, MAX_ALLOCATED)
            .run(count, seed, versions, () -> readAll(file));
    assertTrue(tally.read() > count / 50 && tally.refused() > count / 2, tally::toString);
  }

  private void damagedIndices(int count, long seed) throws IOException {
    RawFiles.write(folder.resolve("one.safetensors"), RawFiles.bytes(HEADER, DATA));
    RawFiles.write(
        folder.resolve("two.safetensors"),
        RawFiles.bytes("{\"g\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 3));
    Files.createDirectory(folder.resolve("folder"));
    Path file = folder.resolve("model.safetensors.index.json");
    Fuzz.Tally tally =
        new Fuzz(file, folder.toString(), CheckpointException.class, MAX_SECONDS, MAX_ALLOCATED)
            .run(
                count,
                seed,
                random -> {
                  byte[] bytes = damaged(INDICES, INDEX, random).getBytes(StandardCharsets.UTF_8);
                  return bytes.length > 0 && random.nextInt(3) == 0
                      ? Damage.once(bytes, WORDS, random)
                      : bytes;
                },
                () -> {
                  try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                    checkpoint.names().forEach(checkpoint::info);
                  }
                });
    assertTrue(tally.read() > count / 50 && tally.refused() > count / 3, tally::toString);
  }

  private static String damaged(JsonDamage damage, String json, Random random) {
    String damaged = json;
    do {
      damaged = damage.once(damaged, random);
    } while (random.nextInt(3) == 0);
    return damaged;
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
    byte[] result = Damage.once(bytes, WORDS, random);
    if (result.length < 9) {
      return RawFiles.length(random.nextLong());
    }
    switch (random.nextInt(8)) {
      case 0 ->
          System.arraycopy(
              RawFiles.length(random.nextLong() >>> random.nextInt(64)), 0, result, 0, 8);
      case 1, 2, 3 ->
          System.arraycopy(RawFiles.length(Math.max(0, result.length - 8 - DATA)), 0, result, 0, 8);
      default -> {}
    }
    return result;
  }
}
