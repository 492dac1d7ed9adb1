package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTests {
  private static final String SHARD_1 = "model-00001-of-00002.safetensors";
  private static final String SHARD_2 = "model-00002-of-00002.safetensors";
  private final Path folder;

  CheckpointTests(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void writeShards() throws IOException {
    long[] shape = {2};
    SafetensorsWriter.write(
        folder.resolve(SHARD_1),
        Map.of(),
        List.of(
            TensorSource.of("a", StorageType.F32, shape, new float[] {1, 2}),
            TensorSource.ofLongs("ids", StorageType.I32, shape, new long[] {-5, 6})));
    SafetensorsWriter.write(
        folder.resolve(SHARD_2),
        Map.of(),
        List.of(TensorSource.of("b", StorageType.BF16, shape, new float[] {3, 4})));
    index("\"a\":\"%s\",\"b\":\"%s\",\"ids\":\"%s\"".formatted(SHARD_1, SHARD_2, SHARD_1));
  }

  private void index(String map) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\":{\"total_size\":20,\"more\":[{}]},\"weight_map\":{" + map + "}}");
  }

  private String refusal() {
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> Checkpoint.open(folder).close());
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(folder.toString()), message);
    return message;
  }

  private void assertRefused(String... said) {
    String message = refusal();
    for (String s : said) {
      assertTrue(message.contains(s), () -> "expected '" + s + "' in: " + message);
    }
  }

  @Test
  void tensorsAreReadFromWhicheverShardHoldsThem() {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(List.of("a", "b", "ids"), List.copyOf(checkpoint.names()));
      assertEquals(List.of(folder.resolve(SHARD_1), folder.resolve(SHARD_2)), checkpoint.files());
      assertArrayEquals(new float[] {1, 2}, checkpoint.floats("a"));
      assertArrayEquals(new float[] {3, 4}, checkpoint.floats("b"));
      FloatBuffer one = FloatBuffer.allocate(1);
      checkpoint.read("b", 1, one);
      assertEquals(4, one.get(0));
      assertEquals(StorageType.BF16, checkpoint.info("b").type());
      assertTrue(checkpoint.contains("a"));
      assertFalse(checkpoint.contains("c"));
      CheckpointException e = assertThrows(CheckpointException.class, () -> checkpoint.info("c"));
      assertTrue(String.valueOf(e.getMessage()).contains("'c'"));
    }
  }

  @Test
  void shardedCheckpointIsCopiedToSingleFileWhichThenWins() {
    try (Checkpoint sharded = Checkpoint.open(folder)) {
      SafetensorsWriter.write(
          folder.resolve("model.safetensors"),
          Map.of(),
          sharded.names().stream().map(sharded::copy).toList());
    }
    try (Checkpoint single = Checkpoint.open(folder)) {
      assertEquals(List.of(folder.resolve("model.safetensors")), single.files());
      assertArrayEquals(new float[] {3, 4}, single.floats("b"));
      assertEquals(3, single.names().size());
      assertThrows(UnsupportedOperationException.class, () -> single.names().clear());
    }
  }

  @Test
  void realCheckpointOpens() {
    try (Checkpoint checkpoint =
        Checkpoint.open(RawFiles.resource("/parity/llama2/config.json").resolveSibling(""))) {
      assertEquals(39, checkpoint.names().size());
    }
  }

  @Test
  void missingShardIsNamed() throws IOException {
    Files.delete(folder.resolve(SHARD_2));
    assertRefused("index.json", SHARD_2, "'b'", "no such file");
  }

  @Test
  void truncatedShardIsNamed() throws IOException {
    byte[] bytes = Files.readAllBytes(folder.resolve(SHARD_2));
    Files.write(folder.resolve(SHARD_2), java.util.Arrays.copyOf(bytes, bytes.length - 1));
    assertRefused(SHARD_2, "'b'", "truncated");
  }

  @Test
  void tensorThatItsShardLacksIsNamed() throws IOException {
    index("\"a\":\"%s\"".formatted(SHARD_2));
    assertRefused("index.json", "'a'", SHARD_2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../model-00001-of-00002.safetensors",
        "sub/model.safetensors",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a\\\\b",
        "a\\u0000b"
      })
  void shardOutsideTheFolderIsRefused(String shard) throws IOException {
    index("\"a\":\"" + shard + "\"");
    assertRefused("index.json", "'a'", "plain file name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[]", "{}", "{\"weight_map\":[]}", "{\"weight_map\":{\"a\":1}}", "null"})
  void damagedIndexIsRefused(String text) throws IOException {
    Files.writeString(folder.resolve("model.safetensors.index.json"), text);
    assertRefused("index");
  }

  @Test
  void whatTheShardsHoldCountsBeforeTheIndex() throws IOException {
    index("\"a\":\"%s\",\"b\":\"%s\"".formatted(SHARD_2, SHARD_1));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(List.of("a", "b", "ids"), List.copyOf(checkpoint.names()));
      assertArrayEquals(new float[] {1, 2}, checkpoint.floats("a"));
      assertArrayEquals(new float[] {3, 4}, checkpoint.floats("b"));
    }
  }

  @Test
  void aTensorInTwoShardsIsRefused() throws IOException {
    SafetensorsWriter.write(
        folder.resolve(SHARD_2),
        Map.of(),
        List.of(
            TensorSource.of("a", StorageType.F32, new long[] {1}, new float[] {7}),
            TensorSource.of("b", StorageType.F32, new long[] {1}, new float[] {7})));
    assertRefused("'a'", SHARD_1, SHARD_2);
  }

  @Test
  void valuesAreComparedWhateverTheirType() throws IOException {
    try (Checkpoint checkpoint = write(new float[] {1, 2, 3}, new float[] {1, 2, 3})) {
      assertTrue(checkpoint.sameValues("x", "y"));
    }
    try (Checkpoint checkpoint = write(new float[] {1, 2, 3}, new float[] {1, 2, 4})) {
      assertFalse(checkpoint.sameValues("x", "y"));
    }
    try (Checkpoint checkpoint = write(new float[] {1, 2, 3}, new float[] {1, 2})) {
      assertFalse(checkpoint.sameValues("x", "y"));
    }
  }

  private Checkpoint write(float[] x, float[] y) {
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"),
        Map.of(),
        List.of(
            TensorSource.of("x", StorageType.F32, new long[] {x.length}, x),
            TensorSource.of("y", StorageType.BF16, new long[] {y.length}, y)));
    return Checkpoint.open(folder);
  }

  @Test
  void tensorNamedTwiceIsRefused() throws IOException {
    index("\"a\":\"%s\",\"a\":\"%s\"".formatted(SHARD_1, SHARD_2));
    assertRefused("'a'", "twice");
  }

  @Test
  void picklesAreNeverLoaded() throws IOException {
    Files.delete(folder.resolve("model.safetensors.index.json"));
    assertRefused("expected model.safetensors", "the index of these shards is missing");
    Files.delete(folder.resolve(SHARD_1));
    Files.delete(folder.resolve(SHARD_2));
    assertRefused("expected model.safetensors", "no weights at all");
    Files.writeString(folder.resolve("pytorch_model.bin"), "x");
    assertRefused("pytorch_model.bin", "never loaded");
  }

  @Test
  void missingFolderIsNamed() {
    Path none = folder.resolve("none");
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> Checkpoint.open(none).close());
    assertTrue(String.valueOf(e.getMessage()).contains(none.toString()));
  }
}
