package org.alignment4j.internal.tensor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.text.Shown;

/** Writes a model's weights as one GGUF file. */
public final class GgufExport {
  private static final int BLOCK = 32;
  private static final String HEAD = "output.weight";
  private static final String EMBEDDINGS = "token_embd.weight";

  private final Checkpoint weights;
  private final GgufArchitecture architecture;
  private final int headSize;
  private final GgufType type;
  private final List<GgufWriter.Tensor> tensors = new ArrayList<>();
  private final List<String> inHalf = new ArrayList<>();

  private GgufExport(
      Checkpoint weights, GgufArchitecture architecture, int headSize, GgufType type) {
    this.weights = weights;
    this.architecture = architecture;
    this.headSize = headSize;
    this.type = type;
  }

  /**
   * Writes the weights of a Hugging Face folder.
   *
   * @param sources the name in {@code base} of each tensor to write, by the Hugging Face name that
   *     it has in the model
   * @param changes by the names in {@code base}
   * @param headSize rows of a head
   * @param type of matrices; other tensors are F32
   * @param metadata of the file
   * @param first tensors that are no weights
   * @return names of the matrices that are F16 because their rows are not whole blocks of {@code
   *     type}
   */
  public static List<String> write(
      Path file,
      Checkpoint base,
      Map<String, String> sources,
      Map<String, WeightChange> changes,
      GgufArchitecture architecture,
      int headSize,
      GgufType type,
      Map<String, GgufValue> metadata,
      List<GgufWriter.Tensor> first) {
    GgufExport export =
        new GgufExport(new ChangedWeights(base, changes), architecture, headSize, type);
    export.tensors.addAll(first);
    boolean tied = !sources.containsKey("lm_head.weight");
    sources.forEach(
        (name, source) -> {
          String stored =
              architecture
                  .stored(name)
                  .orElseThrow(
                      () ->
                          new CheckpointException(
                              base.origin()
                                  + ": tensor "
                                  + Shown.quoted(name)
                                  + " has no name in GGUF files of architecture "
                                  + architecture.key()));
          export.add(name, source, stored, tied ? EMBEDDINGS : HEAD, false);
        });
    GgufWriter.write(file, 3, metadata, export.tensors);
    return export.inHalf;
  }

  /**
   * Writes a GGUF model with some weights changed; metadata, and unchanged tensors byte for byte,
   * are the base's.
   *
   * @param changes by Hugging Face names
   * @param type of changed matrices
   * @return names of the matrices that are F16 because their rows are not whole blocks of {@code
   *     type}
   */
  public static List<String> write(
      Path file, GgufModel base, Map<String, WeightChange> changes, GgufType type) {
    GgufExport export =
        new GgufExport(
            new ChangedWeights(base, changes), base.architecture(), base.headSize(), type);
    Map<String, String> changed = new LinkedHashMap<>();
    changes.keySet().forEach(name -> changed.put(base.storedName(name), name));
    for (String stored : base.file().names()) {
      String name = changed.get(stored);
      if (name == null) {
        export.tensors.add(GgufWriter.Tensor.copy(base.file(), stored));
      } else {
        boolean sameGrid = base.file().info(stored).type() == GgufType.Q8_0;
        export.add(name, name, stored, HEAD, sameGrid);
      }
    }
    Map<String, GgufValue> metadata = new LinkedHashMap<>(base.file().metadata());
    metadata.keySet().removeIf(key -> key.startsWith("split.")); // one file, whatever it was
    GgufWriter.write(file, 3, metadata, export.tensors);
    return export.inHalf;
  }

  private void add(String name, String source, String stored, String head, boolean dithered) {
    long[] shape = weights.info(source).shape();
    long[] fastestFirst = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      fastestFirst[i] = shape[shape.length - 1 - i];
    }
    boolean interleaves = architecture.interleaves(name);
    if (interleaves && (shape.length == 0 || shape[0] % headSize != 0)) {
      throw new CheckpointException(
          weights.origin()
              + ": tensor "
              + Shown.quoted(name)
              + " does not consist of heads of "
              + headSize
              + " rows");
    }
    tensors.add(
        new GgufWriter.Tensor(
            stored,
            type(stored, fastestFirst, head),
            fastestFirst,
            new StoredRows(weights, source, interleaves ? headSize : 0, architecture.addsOne(name)),
            dithered));
  }

  /** As llama.cpp converts: vectors and norms are F32, rows that are not whole blocks F16. */
  private GgufType type(String stored, long[] shape, String head) {
    if (shape.length < 2 || stored.endsWith("_norm.weight")) {
      return GgufType.F32;
    }
    if (type.blockElements() > 1 && shape[0] % BLOCK != 0) {
      inHalf.add(stored);
      return GgufType.F16;
    }
    // Four bits for the output layer cost more than they save.
    return type == GgufType.Q4_0 && stored.equals(head) ? GgufType.Q8_0 : type;
  }
}
