package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.GgufArchitecture;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tensor.GgufWriter;
import org.alignment4j.internal.tensor.LowRankMerge;
import org.alignment4j.internal.tensor.ModelFiles;

/**
 * A LoRA as a GGUF file: of each changed matrix TENSOR the tensors TENSOR.lora_a, A [r, in], and
 * TENSOR.lora_b, B [out, r], its rows in the order of the base's. llama.cpp adds (alpha / r) B A.
 */
final class LoraGguf {
  private final Checkpoint base;
  private final GgufArchitecture architecture;
  private final List<GgufWriter.Tensor> tensors = new ArrayList<>();

  private LoraGguf(Checkpoint base) {
    this.base = base;
    this.architecture = GgufArchitecture.ofModel(base);
  }

  static void write(LoraAdapter lora, Path model, Path file) {
    require(lora.alpha() != 0, "llama.cpp takes an alpha of 0 for one that is not stated");
    try (Checkpoint base = Checkpoint.open(model)) {
      LoraGguf gguf = new LoraGguf(base);
      LowRankMerge.places(base, lora.lowRank()).forEach(gguf::add);
      Map<String, GgufValue> metadata = new LinkedHashMap<>();
      metadata.put(GgufFile.ARCHITECTURE, GgufValue.of(gguf.architecture.key()));
      metadata.put("general.type", GgufValue.of("adapter"));
      metadata.put("adapter.type", GgufValue.of("lora"));
      metadata.put("adapter.lora.alpha", GgufValue.ofFloat32((float) lora.alpha()));
      metadata.put(ControlVectorFile.PROVENANCE, GgufValue.of(lora.provenance().toJson()));
      GgufWriter.write(file, 3, metadata, gguf.tensors);
    }
  }

  /** Adds the changes of a matrix, one beside the other if it holds several modules. */
  private void add(String name, List<LowRankMerge.Rows> changes) {
    String stored =
        architecture
            .stored(name)
            .orElseThrow(
                () ->
                    new UnsupportedArchitectureException(
                        base.origin() + ": " + name + " has no name in GGUF"));
    long[] shape = base.info(name).shape();
    int out = Math.toIntExact(shape[0]);
    int in = Math.toIntExact(shape[1]);
    int rank = changes.stream().mapToInt(c -> c.target().rank()).reduce(0, Math::addExact);
    float[] a = new float[Math.multiplyExact(rank, in)];
    float[] b = new float[Math.multiplyExact(out, rank)];
    int[] order = order(name, out);
    int before = 0;
    for (LowRankMerge.Rows change : changes) {
      LowRankMerge.Target t = change.target();
      System.arraycopy(t.a(), 0, a, before * in, t.rank() * in);
      float more = rank / (float) t.rank(); // llama.cpp divides by the rank of the file's tensors
      for (int row = 0; row < t.out(); row++) {
        int to = order[(int) change.first() + row] * rank + before;
        for (int k = 0; k < t.rank(); k++) {
          b[to + k] = more * t.b()[row * t.rank() + k];
        }
      }
      before += t.rank();
    }
    tensors.add(GgufWriter.Tensor.of(stored + ".lora_a", new long[] {in, rank}, a));
    tensors.add(GgufWriter.Tensor.of(stored + ".lora_b", new long[] {rank, out}, b));
  }

  /** The row at which GGUF keeps each row of a matrix. */
  private int[] order(String name, int rows) {
    int[] order = new int[rows];
    if (!architecture.interleaves(name)) {
      Arrays.setAll(order, row -> row);
      return order;
    }
    String key = name.contains("k_proj") ? "num_key_value_heads" : "num_attention_heads";
    long heads = ModelFiles.heads(base.origin(), key);
    int size = (int) (rows / heads);
    if (size % 2 != 0 || size * heads != rows) {
      throw new CheckpointException(
          base.origin() + ": " + name + ": " + heads + " heads do not have " + rows + " rows");
    }
    Arrays.setAll(
        order, row -> row / size * size + GgufArchitecture.interleavedRow(row % size, size));
    return order;
  }
}
