package org.alignment4j.actor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.model.Family;
import org.alignment4j.model.ModelConfig;
import org.alignment4j.model.RandomCheckpoint;
import org.alignment4j.model.Rope;

/** Tiny models without a tokenizer and with weights that matter. */
final class RandomModel {
  static final int BLOCKS = 3;
  static final int WIDTH = 24;
  static final int VOCABULARY = 37;
  static final int CONTEXT = 48;

  private RandomModel() {}

  /**
   * Writes a checkpoint.
   *
   * @param sound blocks from this one up give NaN
   */
  static Path write(Path folder, Family family, StorageType type, int sound) {
    ModelConfig config =
        new ModelConfig(
            family,
            VOCABULARY,
            WIDTH,
            BLOCKS,
            4,
            2,
            6,
            20,
            CONTEXT,
            1e-5,
            new Rope(10_000, null),
            0,
            Collections.nCopies(BLOCKS, false),
            false,
            Set.of(2));
    RandomCheckpoint.write(config, 4, folder);
    Random random = new Random(4);
    Path file = folder.resolve("model.safetensors");
    List<TensorSource> sources = new ArrayList<>();
    try (SafetensorsFile in = SafetensorsFile.open(file)) {
      for (TensorInfo t : in.tensors().values()) {
        float[] values = in.floats(t.name());
        for (int i = 0; i < values.length; i++) {
          double noise = 0.3 * random.nextGaussian();
          values[i] = (float) (t.shape().length == 2 ? values[i] * 15 : values[i] + noise);
          for (int b = sound; b < BLOCKS; b++) {
            if (t.name().startsWith("model.layers." + b + ".")) {
              values[i] = 3e38f;
            }
          }
        }
        sources.add(TensorSource.of(t.name(), type, t.shape(), values));
      }
    }
    SafetensorsWriter.write(file, Map.of(), sources);
    return folder;
  }

  /** Token sequences of 3 to 12 tokens. */
  static List<int[]> sequences(int n) {
    Random random = new Random(6);
    return IntStream.range(0, n)
        .mapToObj(i -> random.ints(3 + random.nextInt(10), 0, VOCABULARY).toArray())
        .toList();
  }
}
