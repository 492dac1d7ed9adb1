package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.testing.BinaryDamage;
import org.alignment4j.testing.Fuzz;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged models: reading ends with data or a {@link CheckpointException}, soon and in bounds. What
 * is damaged is the header alone, as any bytes are data.
 */
class GgufFileFuzzTests {
  /** The largest golden file, its header and all that is read of it as floats, with much room. */
  private static final long MAX_ALLOCATED = 1 << 20;

  private static final double MAX_SECONDS = 2;

  private final Path folder;

  GgufFileFuzzTests(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  @Timeout(60)
  void threeThousandDamagedFilesAreReadOrRejected() throws IOException {
    damagedFiles(3_000, 31);
  }

  @Test
  @Tag("slow")
  void manyDamagedFilesAreReadOrRejected() throws IOException {
    damagedFiles(100_000, 32);
  }

  @Test
  @Timeout(60)
  void damagedPartsOfSplitFilesAreReadOrRejected() throws IOException {
    damagedParts(1_000, 33);
  }

  @Test
  @Tag("slow")
  void manyDamagedPartsOfSplitFilesAreReadOrRejected() throws IOException {
    damagedParts(30_000, 34);
  }

  private void damagedFiles(int count, long seed) throws IOException {
    List<byte[]> good = new ArrayList<>();
    for (GgufType type : GgufTypeTests.readable()) {
      good.add(Files.readAllBytes(Goldens.gguf(type + ".gguf")));
    }
    good.add(withEveryValue());
    Path file = folder.resolve("fuzz.gguf");
    fuzz(file, count, seed, random -> damaged(good.get(random.nextInt(good.size())), random));
  }

  private void damagedParts(int count, long seed) throws IOException {
    for (int i = 1; i <= 3; i++) {
      String part = "split-0000" + i + "-of-00003.gguf";
      Files.write(folder.resolve(part), Files.readAllBytes(Goldens.gguf(part)));
    }
    Path file = folder.resolve("split-00002-of-00003.gguf");
    byte[] good = Files.readAllBytes(file);
    fuzz(file, count, seed, random -> damaged(good, random));
  }

  private void fuzz(Path file, int count, long seed, Function<Random, byte[]> versions) {
    Fuzz.Tally tally =
        new Fuzz(file, folder.toString(), CheckpointException.class, MAX_SECONDS, MAX_ALLOCATED)
            .run(count, seed, versions, () -> readAll(file));
    assertTrue(tally.read() > count / 50 && tally.refused() > count / 3, tally::toString);
  }

  private static byte[] damaged(byte[] good, Random random) {
    int header = Math.min(good.length, 320);
    byte[] start = Arrays.copyOf(good, header);
    do {
      start = BinaryDamage.once(start, random);
    } while (random.nextInt(4) == 0);
    byte[] all = Arrays.copyOf(start, start.length + good.length - header);
    System.arraycopy(good, header, all, start.length, good.length - header);
    return random.nextInt(16) == 0 ? Arrays.copyOf(all, random.nextInt(all.length + 1)) : all;
  }

  private static void readAll(Path path) {
    try (GgufCheckpoint checkpoint = GgufCheckpoint.open(path)) {
      checkpoint.metadata().values().forEach(GgufValue::decoded);
      for (String name : checkpoint.names()) {
        GgufTensor info = checkpoint.info(name);
        if (info.type().isReadable()) {
          checkpoint.floats(name);
        }
        checkpoint.readRaw(name, 0, ByteBuffer.allocate((int) info.bytes()));
      }
    }
  }

  private byte[] withEveryValue() throws IOException {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    try (GgufFile python =
        GgufFile.open(Files.write(folder.resolve("p"), nested()), "controlvector")) {
      metadata.putAll(python.metadata());
    }
    Path file = folder.resolve("values.gguf");
    GgufWriter.write(
        file, 3, metadata, List.of(GgufWriter.Tensor.of("t", new long[] {2, 3}, new float[6])));
    return Files.readAllBytes(file);
  }

  private static byte[] nested() throws IOException {
    try (InputStream in =
        GgufFileFuzzTests.class.getResourceAsStream("/org/alignment4j/adapter/nested.gguf")) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }
}
