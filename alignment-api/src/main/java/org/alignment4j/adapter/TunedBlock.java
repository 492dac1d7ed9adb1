package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.tensor.WeightChange;
import org.alignment4j.internal.text.Reasons;

/**
 * One decoder block with its own weights, which replace the base model's: the result of ACTOR.
 * Immutable: the arrays are not copied, so do not modify them.
 *
 * @param layer the layer that the block writes
 * @param tensors float32 weights by their names within the block, e.g. {@code
 *     self_attn.q_proj.weight}
 * @param provenance how it was made
 */
public record TunedBlock(Layer layer, Map<String, Weight> tensors, Provenance provenance)
    implements Adapter {
  static final String FILE = "tuned_block.safetensors";

  /**
   * One tensor.
   *
   * @param shape as in the checkpoint
   * @param values row-major, as many numbers as {@code shape} holds
   */
  public record Weight(long[] shape, float[] values) {
    /** Checks that the number of values matches the shape. */
    public Weight {
      long elements = 1;
      for (long d : shape) {
        elements *= d;
      }
      require(
          elements == values.length,
          "shape %s holds %s numbers, not %s",
          Arrays.toString(shape),
          elements,
          values.length);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Weight o
          && Arrays.equals(shape, o.shape)
          && Arrays.equals(values, o.values);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(shape) + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return "Weight" + Arrays.toString(shape);
    }
  }

  /** Copies the map. */
  public TunedBlock {
    require(!tensors.isEmpty(), "a tuned block without tensors");
    tensors = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
  }

  private String prefix() {
    return "model.layers." + layer.block() + ".";
  }

  /**
   * Writes {@code tuned_block.safetensors}, with Hugging Face tensor names, and {@code
   * provenance.json} into a folder, which is created if absent.
   *
   * @throws CheckpointException if writing fails; files of an earlier save are then unchanged
   */
  @Override
  public void save(Path folder) {
    try {
      Files.createDirectories(folder);
      OutputFile.checkpoint(folder.resolve(PeftFolder.PROVENANCE)).writeAll(provenance.toJson());
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + folder + ": " + Reasons.of(e), e);
    }
    List<TensorSource> sources = new ArrayList<>();
    tensors.forEach(
        (name, w) ->
            sources.add(TensorSource.of(prefix() + name, StorageType.F32, w.shape(), w.values())));
    SafetensorsWriter.write(
        folder.resolve(FILE),
        Map.of("layer", String.valueOf(layer.index()), "provenance", provenance.toJson()),
        sources);
  }

  /**
   * Loads a tuned block that {@link #save} wrote.
   *
   * @throws CheckpointException if the file is missing or damaged, or a number in it is not finite
   */
  public static TunedBlock load(Path folder) {
    Path path = folder.resolve(FILE);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      String index = file.metadata().get("layer");
      String provenance = file.metadata().get("provenance");
      if (index == null || provenance == null || !index.matches("[1-9][0-9]{0,4}")) {
        throw new CheckpointException(path + " is not a tuned block: no layer or provenance");
      }
      Layer layer = new Layer(Integer.parseInt(index));
      String prefix = "model.layers." + layer.block() + ".";
      Map<String, Weight> tensors = new LinkedHashMap<>();
      for (TensorInfo info : file.tensors().values()) {
        if (!info.name().startsWith(prefix)) {
          throw new CheckpointException(
              path + ": tensor " + info.name() + " is not of block " + layer.block());
        }
        tensors.put(
            info.name().substring(prefix.length()),
            new Weight(info.shape(), Finite.read(file, info.name())));
      }
      if (tensors.isEmpty()) {
        throw new CheckpointException(path + ": expected tensors of a block, found none");
      }
      return new TunedBlock(layer, tensors, PeftFolder.provenance(path, provenance));
    }
  }

  /**
   * Writes a full checkpoint that other programs load as any other: the base's files with this
   * block's weights instead of the base's, in the base's storage types and shards.
   *
   * @param base folder of the model that the block was tuned on
   * @param out folder to write, created if absent; must not be the base's
   * @throws CheckpointException if the base does not match the block, or writing fails
   */
  public void merge(Path base, Path out) {
    MergedCheckpoint.write(base, out, this::changes, provenance);
  }

  private Map<String, WeightChange> changes(Checkpoint base) {
    Map<String, WeightChange> changes = new LinkedHashMap<>();
    tensors.forEach(
        (part, w) -> {
          String name = prefix() + part;
          changes.put(name, WeightChange.by(base, name, w.shape(), w.values()));
        });
    return changes;
  }
}
