package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.GgufModel;
import org.alignment4j.internal.tensor.ModelFiles;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.tensor.WeightChange;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.alignment4j.internal.tokenizer.ModelFolder;

/**
 * Writes a full checkpoint that other programs load as any other: the base's files with some
 * tensors changed, in the base's storage types and shards; from GGUF one file, quantised tensors in
 * F16. Tensors are streamed from file to file.
 */
final class MergedCheckpoint {
  private static final String SINGLE = "model.safetensors";

  /** Maximum bytes of an index of shards. */
  private static final long MAX_INDEX = 64L << 20;

  /** Checks that an adapter matches a base and determines the changes. */
  interface Plan {
    /** The changes by the base's tensor names. */
    Map<String, WeightChange> changes(Checkpoint base);

    /** Further tensors, which the base does not have. */
    default List<TensorSource> added(Checkpoint base) {
      return List.of();
    }

    /** Whether the output layer is not tied to the embeddings afterwards. */
    default boolean untiesHead(Checkpoint base) {
      return ModelFiles.hasOwnHead(base);
    }
  }

  private MergedCheckpoint() {}

  /**
   * Writes the checkpoint; nothing is written if the plan rejects the base.
   *
   * @param out created if absent, must not be the base's folder
   * @throws CheckpointException if the base does not match, or writing fails
   */
  static void write(Path base, Path out, Plan plan, Provenance provenance) {
    require(
        !out.toAbsolutePath().normalize().equals(base.toAbsolutePath().normalize()),
        "the merged checkpoint cannot replace its base %s",
        base);
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      Map<String, WeightChange> changes = plan.changes(checkpoint);
      for (String name : changes.keySet()) {
        TensorInfo info = checkpoint.info(name);
        if (!info.type().isFloat()) {
          throw new CheckpointException(
              base + ": " + name + ": expected F64, F32, F16 or BF16, found " + info.type());
        }
      }
      Files.createDirectories(out);
      Set<String> shards =
          checkpoint instanceof GgufModel
              ? Set.of(SINGLE)
              : checkpoint.files().stream()
                  .map(f -> f.getFileName().toString())
                  .collect(Collectors.toSet());
      rejectOtherWeights(out, shards);
      ModelFolder.copy(base, out);
      if (plan.untiesHead(checkpoint)) {
        ModelFiles.untieHead(out);
      }
      List<TensorSource> added = plan.added(checkpoint);
      if (checkpoint instanceof GgufModel) {
        merge(checkpoint, checkpoint.names(), out.resolve(SINGLE), changes, added);
      } else {
        Path last = checkpoint.files().get(checkpoint.files().size() - 1);
        for (Path shard : checkpoint.files()) {
          merge(
              checkpoint,
              names(shard),
              out.resolve(shard.getFileName()),
              changes,
              shard.equals(last) ? added : List.of());
        }
        addToIndex(out, added, last.getFileName().toString());
      }
      OutputFile.checkpoint(out.resolve(PeftFolder.PROVENANCE)).writeAll(provenance.toJson());
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + out + ": " + Reasons.of(e), e);
    }
  }

  /** Existing weights might be read instead of those about to be written. */
  private static void rejectOtherWeights(Path out, Set<String> shards) throws IOException {
    try (Stream<Path> files = Files.list(out)) {
      for (Path f : files.toList()) {
        String name = f.getFileName().toString();
        if (name.matches("model.*\\.safetensors") && !shards.contains(name)) {
          throw new CheckpointException(out + ": expected no weights of another model, found " + f);
        }
      }
    }
  }

  private static List<String> names(Path shard) {
    try (SafetensorsFile file = SafetensorsFile.open(shard)) {
      return List.copyOf(file.tensors().keySet());
    }
  }

  private static void addToIndex(Path out, List<TensorSource> added, String shard) {
    InputFile index = InputFile.checkpoint(out.resolve(SINGLE + ".index.json"));
    if (!added.isEmpty() && index.exists()) {
      JsonObject json = index.json(MAX_INDEX);
      added.forEach(t -> json.getAsJsonObject("weight_map").addProperty(t.name(), shard));
      OutputFile.checkpoint(index.path()).writeAll(StrictJson.pretty(json));
    }
  }

  private static void merge(
      Checkpoint base,
      Collection<String> names,
      Path to,
      Map<String, WeightChange> changes,
      List<TensorSource> added) {
    List<TensorSource> sources = new ArrayList<>(added);
    for (String name : names) {
      TensorInfo info = base.info(name);
      WeightChange change = changes.get(name);
      sources.add(
          change == null
              ? base.copy(name)
              : new TensorSource(name, info.type(), info.shape(), change.filler(base, info)));
    }
    SafetensorsWriter.write(to, Map.of(), sources);
  }
}
