package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sizes, precisions and limits of loading. */
class LoadingTests {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(Family.class)
  void parametersAreThoseOfTheCheckpoint(Family family) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), family, 3, false, 0, 1);
    long stored = 0;
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      for (String name : checkpoint.names()) {
        long elements = 1;
        for (long d : checkpoint.info(name).shape()) {
          elements *= d;
        }
        stored += elements;
      }
    }
    ModelConfig config = ModelConfig.read(path);
    assertEquals(stored, config.parameters());
    assertEquals(4 * stored, config.weightBytes(Precision.FLOAT32));
    assertTrue(config.weightBytes(Precision.BFLOAT16) < 2.2 * stored);
  }

  @Test
  void aModelThatDoesNotFitIsRefusedBeforeMemoryIsTaken() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 1);
    ModelConfig config = ModelConfig.read(path);
    OptionalLong little = OptionalLong.of(config.loadBytes(Precision.FLOAT32) - 1);
    OutOfMemoryException e =
        assertThrows(
            OutOfMemoryException.class,
            () -> LoadedCheckpoint.requireRoom(path, config, Precision.FLOAT32, little));
    assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    assertTrue(e.getMessage().contains("MiB"), e.getMessage());
    assertDoesNotThrow(
        () -> LoadedCheckpoint.requireRoom(path, config, Precision.BFLOAT16, little));
    assertDoesNotThrow(
        () -> LoadedCheckpoint.requireRoom(path, config, Precision.FLOAT32, OptionalLong.empty()));
  }

  /** Weights that a half type holds exactly give what float32 gives. */
  @ParameterizedTest
  @EnumSource(Family.class)
  void narrowWeightsThatLoseNothingComputeAsFloat32(Family family) throws IOException {
    Path whole = TinyModels.write(folder.resolve("whole"), family, 0, 4);
    Path rounded = TinyModels.write(folder.resolve("rounded"), family, 0, 4);
    try (Checkpoint in = Checkpoint.open(whole)) {
      List<TensorSource> sources = new ArrayList<>();
      for (String name : in.names()) {
        // Norms are float32 in every precision; only what is rounded may be rounded here.
        float[] values = in.floats(name);
        if (!name.endsWith("norm.weight")) {
          for (int i = 0; i < values.length; i++) {
            values[i] = StorageType.BF16.rounded(values[i]);
          }
        }
        sources.add(TensorSource.of(name, StorageType.F32, in.info(name).shape(), values));
      }
      SafetensorsWriter.write(rounded.resolve("model.safetensors"), Map.of(), sources);
    }
    List<int[]> ids = List.of(new int[] {3, 9, 4, 30, 2}, new int[] {8});
    try (LanguageModel narrow =
            LanguageModel.load(whole, Device.cpu(), Precision.BFLOAT16_WEIGHTS);
        LanguageModel wide = LanguageModel.load(rounded)) {
      assertEquals(Precision.BFLOAT16_WEIGHTS, narrow.precision());
      float[][] a = narrow.nextTokenLogitsIds(ids);
      float[][] b = wide.nextTokenLogitsIds(ids);
      for (int i = 0; i < ids.size(); i++) {
        assertTrue(TinyModels.relative(a[i], b[i]) < 1e-5);
      }
      Generation greedy = Generation.greedy(6);
      assertArrayEquals(
          wide.generateIds(ids, greedy).get(0).ids(), narrow.generateIds(ids, greedy).get(0).ids());
    }
  }

  @Test
  void weightsBeyondARangeAreRefusedByName() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 5);
    List<TensorSource> sources = new ArrayList<>();
    try (Checkpoint in = Checkpoint.open(path)) {
      for (String name : in.names()) {
        float[] values = in.floats(name);
        if (name.endsWith("layers.1.mlp.up_proj.weight")) {
          values[3] = 1e6f;
        }
        sources.add(TensorSource.of(name, StorageType.F32, in.info(name).shape(), values));
      }
    }
    Path large = TinyModels.write(folder.resolve("large"), Family.LLAMA, 0, 5);
    SafetensorsWriter.write(large.resolve("model.safetensors"), Map.of(), sources);
    CheckpointException e =
        assertThrows(
            CheckpointException.class,
            () -> LanguageModel.load(large, Device.cpu(), Precision.FLOAT16).close());
    assertTrue(e.getMessage().contains("layers.1.mlp.up_proj.weight"), e.getMessage());
    LanguageModel.load(large, Device.cpu(), Precision.BFLOAT16).close();
  }
}
