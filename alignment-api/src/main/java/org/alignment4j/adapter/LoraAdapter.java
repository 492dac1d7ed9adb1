package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.LowRankMerge;
import org.jspecify.annotations.Nullable;

/**
 * A low-rank change of some of a model's matrices, W + (alpha / rank) B A, as in LoRA (Hu et al.
 * 2021, section 4.1). Immutable: arrays are not copied, so do not modify them. Equal if all numbers
 * are.
 *
 * @param rank r, the inner dimension of every pair A, B
 * @param alpha numerator of the scale
 * @param targets the changed matrices, at least one, each at most once
 * @param provenance how it was made; its settings {@code base_model_name_or_path}, {@code revision}
 *     and {@code lora_dropout} are written to the saved configuration
 */
public record LoraAdapter(int rank, double alpha, List<Target> targets, Provenance provenance)
    implements Adapter {

  /**
   * A matrix to be changed, without values.
   *
   * @param layer the layer that the block writes
   * @param module the matrix's name within the block, e.g. {@code self_attn.q_proj}
   * @param in size of the matrix's input
   * @param out size of its output
   */
  public record Shape(Layer layer, String module, int in, int out) {
    /** Checks the ranges. */
    public Shape {
      check(layer, module, in, out);
    }
  }

  /**
   * The change of one matrix of one block.
   *
   * @param layer the layer that the block writes
   * @param module the matrix's name within the block, e.g. {@code self_attn.q_proj}
   * @param in size of the matrix's input
   * @param out size of its output
   * @param a A [r, in], row-major
   * @param b B [out, r], row-major
   */
  public record Target(Layer layer, String module, int in, int out, float[] a, float[] b) {
    /** Checks the ranges, and that all numbers are finite. */
    public Target {
      check(layer, module, in, out);
      requireFinite(layer, module, "A", a);
      requireFinite(layer, module, "B", b);
    }

    private static void requireFinite(Layer layer, String module, String which, float[] values) {
      int at = Finite.firstExcept(values);
      require(
          at < 0,
          "%s of %s, %s: number %s is %s",
          which,
          layer,
          module,
          at,
          at < 0 ? 0 : values[at]);
    }

    /** Zeros of another rank. */
    private Target(Target shape, int rank) {
      this(
          shape.layer,
          shape.module,
          shape.in,
          shape.out,
          new float[Math.multiplyExact(rank, shape.in)],
          new float[Math.multiplyExact(rank, shape.out)]);
    }

    /**
     * Sets some of the ranks.
     *
     * @param part null for zeros
     * @param first index of the first rank
     */
    private void add(@Nullable Target part, int first, int ranks, double factor) {
      if (part == null) {
        return;
      }
      require(
          part.in == in && part.out == out,
          "%s, %s: from %s to %s numbers and from %s to %s",
          layer,
          module,
          in,
          out,
          part.in,
          part.out);
      System.arraycopy(part.a, 0, a, first * in, ranks * in);
      int rank = b.length / out;
      for (int row = 0; row < out; row++) {
        for (int r = 0; r < ranks; r++) {
          b[row * rank + first + r] = (float) (factor * part.b[row * ranks + r]);
        }
      }
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Target o
          && layer.equals(o.layer)
          && module.equals(o.module)
          && in == o.in
          && out == o.out
          && Arrays.equals(a, o.a)
          && Arrays.equals(b, o.b);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(
          new int[] {
            layer.hashCode(), module.hashCode(), in, out, Arrays.hashCode(a), Arrays.hashCode(b)
          });
    }

    @Override
    public String toString() {
      return "Target[" + layer + ", " + module + ", in=" + in + ", out=" + out + "]";
    }
  }

  private static void check(Layer layer, String module, int in, int out) {
    require(layer.index() >= 1, "%s has no block to change", layer);
    require(
        module.matches("\\w+(\\.\\w+)*"), "'%s' is not the name of a module in a block", module);
    require(in >= 1 && out >= 1, "%s, %s: from %s to %s numbers", layer, module, in, out);
  }

  /** Checks the shapes. */
  public LoraAdapter {
    require(rank >= 1, "the rank must be >= 1, was %s", rank);
    require(Double.isFinite(alpha), "alpha must be finite, was %s", alpha);
    targets = List.copyOf(targets);
    require(!targets.isEmpty(), "a LoRA without targets");
    Set<String> names = new HashSet<>();
    for (Target t : targets) {
      require(
          names.add(t.layer.index() + " " + t.module),
          "%s, %s is a target twice",
          t.layer,
          t.module);
      requireFills(t, "A", t.a, rank, t.in);
      requireFills(t, "B", t.b, t.out, rank);
    }
  }

  private static void requireFills(Target t, String which, float[] values, int rows, int columns) {
    require(
        values.length == (long) rows * columns,
        "%s of %s, %s: %s numbers do not fill [%s, %s]",
        which,
        t.layer,
        t.module,
        values.length,
        rows,
        columns);
  }

  /**
   * An initial LoRA for training: A is uniform in +-1/sqrt(in), which is PEFT's Kaiming-uniform
   * with a = sqrt(5), and B zero, so that it changes nothing yet. The same seed gives the same
   * numbers.
   *
   * @param shapes the matrices to be changed, at least one, each at most once
   * @param provenance of the training run
   */
  public static LoraAdapter initial(
      int rank, double alpha, List<Shape> shapes, long seed, Provenance provenance) {
    require(rank >= 1, "the rank must be >= 1, was %s", rank);
    SplittableRandom random = new SplittableRandom(seed);
    List<Target> targets = new ArrayList<>();
    for (Shape s : shapes) {
      long numbers = (long) rank * Math.max(s.in, s.out);
      require(numbers <= 1 << 30, "%s, %s: rank %s is too large", s.layer, s.module, rank);
      double bound = 1 / Math.sqrt(s.in);
      float[] a = new float[rank * s.in];
      for (int i = 0; i < a.length; i++) {
        a[i] = (float) (bound * (2 * random.nextDouble() - 1));
      }
      targets.add(new Target(s.layer, s.module, s.in, s.out, a, new float[s.out * rank]));
    }
    return new LoraAdapter(rank, alpha, targets, provenance);
  }

  /** The factor of B A: alpha / rank. */
  public double scale() {
    return alpha / rank;
  }

  /**
   * This change times {@code factor}; -1 undoes it. The provenance's setting {@code scaled_by} is
   * the product of all such factors.
   */
  public LoraAdapter scaled(double factor) {
    require(Double.isFinite(factor), "the factor must be finite, was %s", factor);
    return new LoraAdapter(rank, alpha * factor, targets, VectorHistory.scaled(provenance, factor));
  }

  /**
   * This change and another as one LoRA, such as that of a further training of the model with this
   * one merged. Its rank is the sum of both, its factor 1, and its provenance that of the other,
   * whose setting {@code after} is this one's method.
   *
   * @throws IllegalArgumentException if both change a matrix of different shapes
   */
  public LoraAdapter plus(LoraAdapter other) {
    Map<List<Object>, Target> own = new LinkedHashMap<>();
    Map<List<Object>, Target> others = new LinkedHashMap<>();
    targets.forEach(t -> own.put(List.of(t.layer, t.module), t));
    other.targets.forEach(t -> others.put(List.of(t.layer, t.module), t));
    Map<List<Object>, Target> all = new LinkedHashMap<>(own);
    others.forEach(all::putIfAbsent);
    int both = Math.addExact(rank, other.rank);
    List<Target> joined = new ArrayList<>();
    for (Map.Entry<List<Object>, Target> e : all.entrySet()) {
      Target one = new Target(e.getValue(), both);
      one.add(own.get(e.getKey()), 0, rank, scale());
      one.add(others.get(e.getKey()), rank, other.rank, other.scale());
      joined.add(one);
    }
    Map<String, Object> settings = new LinkedHashMap<>(other.provenance.settings());
    settings.put("after", provenance.method());
    Provenance from = other.provenance;
    return new LoraAdapter(
        both,
        both,
        joined,
        new Provenance(from.method(), settings, from.seed(), from.inputs(), from.metrics()));
  }

  /**
   * Writes {@code adapter_config.json} and {@code adapter_model.safetensors}, which Hugging Face's
   * PEFT loads, and {@code provenance.json} into a folder, which is created if absent. Tensors are
   * float32; the configuration names exactly this adapter's matrices.
   *
   * @throws org.alignment4j.core.CheckpointException if writing fails
   */
  @Override
  public void save(Path folder) {
    LoraFile.write(this, folder);
  }

  /**
   * Loads a LoRA that PEFT or {@link #save} wrote. Tensors of type F64, F32, F16 and BF16 are
   * converted to float32.
   *
   * @throws org.alignment4j.core.CheckpointException if a file is missing or damaged, or its
   *     tensors do not match the configuration; the message names file, tensor, expected and found
   * @throws org.alignment4j.core.UnsupportedArchitectureException for an option or a matrix beyond
   *     a plain LoRA of the blocks; the message names it
   */
  public static LoraAdapter load(Path folder) {
    return LoraFile.read(folder);
  }

  /**
   * Writes a full checkpoint that other programs load as any other: the base's files with each
   * changed W replaced by W + (alpha / rank) B A, in the base's storage types and shards. Sums are
   * computed in float64 and rounded once to float32, then to the storage type. Queries, keys and
   * values, or gate and up, that the base stores in one matrix are changed within it.
   *
   * @param base folder of the model that the adapter was tuned on
   * @param out folder to write, created if absent; must not be the base's
   * @throws org.alignment4j.core.CheckpointException if the base does not match the adapter, a sum
   *     is out of the storage type's range, or writing fails
   */
  public void merge(Path base, Path out) {
    MergedCheckpoint.write(
        base, out, checkpoint -> LowRankMerge.changes(checkpoint, lowRank()), provenance);
  }

  /**
   * Writes the adapter as the GGUF file that llama.cpp loads beside its base ({@code --lora}), and
   * Ollama by {@code ADAPTER}. Tensors are float32.
   *
   * @param base the model that the adapter was tuned on: a Hugging Face folder or a GGUF file
   * @param file to write, in an existing folder
   * @throws org.alignment4j.core.CheckpointException if the base does not match the adapter, or
   *     writing fails
   * @throws org.alignment4j.core.UnsupportedArchitectureException if GGUF has no form of the base
   */
  public void writeGguf(Path base, Path file) {
    LoraGguf.write(this, base, file);
  }

  /** The changes of the matrices. */
  List<LowRankMerge.Target> lowRank() {
    return targets.stream()
        .map(
            t ->
                new LowRankMerge.Target(
                    t.layer.block(), t.module, t.in, t.out, rank, scale(), t.a, t.b))
        .toList();
  }
}
