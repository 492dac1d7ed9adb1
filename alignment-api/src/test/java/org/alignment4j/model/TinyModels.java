package org.alignment4j.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;

/** Random models so small that one runs in a millisecond, but with weights that matter. */
final class TinyModels {
  static final int VOCABULARY = 37;
  static final int CONTEXT = 48;

  private TinyModels() {}

  static ModelConfig config(Family family, int blocks, boolean tied) {
    return new ModelConfig(
        family,
        VOCABULARY,
        24,
        blocks,
        4,
        2,
        6,
        20,
        CONTEXT,
        1e-5,
        new Rope(10_000, null),
        0,
        Collections.nCopies(blocks, false),
        tied,
        Set.of(2));
  }

  /**
   * Writes a checkpoint.
   *
   * @param window tokens of a sliding window, 0 for none; only Mistral has one
   */
  static Path write(Path folder, Family family, int blocks, boolean tied, int window, long seed)
      throws IOException {
    RandomCheckpoint.write(config(family, blocks, tied), seed, folder);
    if (window > 0) {
      Path json = folder.resolve("config.json");
      String text = Files.readString(json);
      Files.writeString(
          json, text.replace("\"sliding_window\": null", "\"sliding_window\": " + window));
    }
    perturb(folder.resolve("model.safetensors"), new Random(seed));
    return folder;
  }

  static Path write(Path folder, Family family, int window, long seed) throws IOException {
    return write(folder, family, 3, seed % 2 == 0, window, seed);
  }

  /** Makes matrices, biases and norms large enough that attention is sharp and norms differ. */
  private static void perturb(Path file, Random random) {
    List<TensorSource> sources = new ArrayList<>();
    try (SafetensorsFile in = SafetensorsFile.open(file)) {
      for (TensorInfo t : in.tensors().values()) {
        float[] values = in.floats(t.name());
        for (int i = 0; i < values.length; i++) {
          values[i] =
              (float)
                  (t.shape().length == 2
                      ? values[i] * 15
                      : values[i] + 0.3 * random.nextGaussian());
        }
        sources.add(TensorSource.of(t.name(), StorageType.F32, t.shape(), values));
      }
    }
    SafetensorsWriter.write(file, Map.of(), sources);
  }

  /** A LoRA on every matrix of some blocks, none of its numbers zero. */
  static LoraAdapter lora(ModelConfig config, int rank, long seed, Layer... layers) {
    Random random = new Random(seed);
    List<Target> targets = new ArrayList<>();
    for (Layer layer : layers) {
      for (BlockLayout.Slot slot : BlockLayout.of(config).slots().values()) {
        for (BlockLayout.Part part : slot.parts()) {
          if (slot.isMatrix()) {
            int out = (int) part.shape()[0];
            int in = (int) part.shape()[1];
            String module = part.module();
            targets.add(
                new Target(
                    layer, module, in, out, noise(random, rank * in), noise(random, out * rank)));
          }
        }
      }
    }
    return new LoraAdapter(rank, 2 * rank, targets, TunedBlockTests.provenance());
  }

  static float[] noise(Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (0.2 * random.nextGaussian());
    }
    return values;
  }

  /** Deletes a folder of files. */
  static void remove(Path folder) throws IOException {
    try (java.util.stream.Stream<Path> files = Files.list(folder)) {
      for (Path f : files.toList()) {
        Files.delete(f);
      }
    }
    Files.delete(folder);
  }

  static int[] ids(Random random, int length) {
    return random.ints(length, 0, VOCABULARY).toArray();
  }

  static Encoded prompt(int... ids) {
    return new Encoded(ids, ids.length);
  }

  /** Largest difference of two rows. */
  static double difference(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new AssertionError(a.length + " and " + b.length + " numbers");
    }
    double max = 0;
    for (int i = 0; i < a.length; i++) {
      double d = Math.abs((double) a[i] - b[i]);
      max = d >= max || Double.isNaN(d) ? d : max;
    }
    return max;
  }

  /** Largest difference over the largest element of the second. */
  static double relative(float[] a, float[] b) {
    double largest = 0;
    for (float f : b) {
      largest = Math.max(largest, Math.abs(f));
    }
    return difference(a, b) / largest;
  }
}
