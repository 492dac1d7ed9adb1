package org.alignment4j.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.tensor.BlockWeight;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.model.BlockLayout.Part;
import org.alignment4j.model.BlockLayout.Slot;
import org.alignment4j.model.Family.Trait;

/** Writes checkpoints of random weights, for training from scratch and for tests. */
public final class RandomCheckpoint {
  private static final double DEVIATION = 0.02;

  private RandomCheckpoint() {}

  /**
   * Writes {@code config.json} and {@code model.safetensors}, float32: matrices normal with
   * standard deviation 0.02, those that write to the residual stream divided by sqrt(2L) as in
   * GPT-2, norms multiply by 1, biases 0. The same seed gives the same bytes.
   *
   * @param folder created if absent
   */
  public static void write(ModelConfig config, long seed, Path folder) {
    SplittableRandom random = new SplittableRandom(seed);
    List<TensorSource> sources = new ArrayList<>();
    long v = config.vocabulary();
    long d = config.width();
    sources.add(normal("model.embed_tokens.weight", new long[] {v, d}, DEVIATION, random));
    float neutral = config.family().has(Trait.OFFSET_NORMS) ? 0 : 1;
    double small = DEVIATION / Math.sqrt(2.0 * config.blocks());
    for (int b = 0; b < config.blocks(); b++) {
      for (Map.Entry<BlockWeight, Slot> e : BlockLayout.of(config).slots().entrySet()) {
        boolean writes =
            e.getKey() == BlockWeight.ATTENTION_OUTPUT || e.getKey() == BlockWeight.DOWN;
        for (Part part : e.getValue().parts()) {
          String name = BlockLayout.fullName(Layer.ofBlock(b), part);
          sources.add(
              part.shape().length == 1
                  ? constant(name, part.shape(), name.endsWith("bias") ? 0 : neutral)
                  : normal(name, part.shape(), writes ? small : DEVIATION, random));
        }
      }
    }
    sources.add(constant("model.norm.weight", new long[] {d}, neutral));
    if (!config.tiedHead()) {
      sources.add(normal("lm_head.weight", new long[] {v, d}, DEVIATION, random));
    }
    try {
      Files.createDirectories(folder);
      OutputFile.checkpoint(folder.resolve("config.json")).writeAll(ConfigFile.write(config));
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + folder + ": " + Reasons.of(e), e);
    }
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), sources);
  }

  private static TensorSource constant(String name, long[] shape, float value) {
    float[] values = new float[(int) new Part(name, shape).elements()];
    java.util.Arrays.fill(values, value);
    return TensorSource.of(name, StorageType.F32, shape, values);
  }

  private static TensorSource normal(
      String name, long[] shape, double deviation, SplittableRandom random) {
    java.util.Random gaussian = new java.util.Random(random.nextLong());
    float[] values = new float[(int) new Part(name, shape).elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (gaussian.nextGaussian() * deviation);
    }
    return TensorSource.of(name, StorageType.F32, shape, values);
  }
}
