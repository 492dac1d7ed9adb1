package org.alignment4j.internal.tensor;

import com.google.common.collect.ImmutableList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The weights of a decoder block, in the order in which kernels read them: the only such table,
 * used by models, adapters and kernels. A family need not have all of them. Shapes: D width, H
 * heads, K key/value heads, E head size, F inner width of the MLP.
 */
public enum BlockWeight {
  /** The norm before attention [D]. */
  INPUT_NORM(Kind.NORM, "input_layernorm"),
  /** The projections of queries, keys and values, as rows of one matrix [(H+2K)E, D]. */
  QKV(
      Kind.MATRIX,
      "self_attn.qkv_proj",
      "self_attn.q_proj",
      "self_attn.k_proj",
      "self_attn.v_proj"),
  /** The biases of queries, keys and values [(H+2K)E]. */
  QKV_BIAS(Kind.BIAS, "qkv_bias"),
  /** The norm of each query head [E]. */
  QUERY_NORM(Kind.NORM, "q_norm"),
  /** The norm of each key head [E]. */
  KEY_NORM(Kind.NORM, "k_norm"),
  /** The output projection of attention, to the residual stream [D, HE]. */
  ATTENTION_OUTPUT(Kind.MATRIX, "self_attn.o_proj"),
  /** The norm before the MLP [D]. */
  MLP_NORM(Kind.NORM, "post_attention_layernorm"),
  /** The gate projection, then the up projection, as rows of one matrix [2F, D]. */
  GATE_UP(Kind.MATRIX, "mlp.gate_up_proj", "mlp.gate_proj", "mlp.up_proj"),
  /** The down projection of the MLP, to the residual stream [D, F]. */
  DOWN(Kind.MATRIX, "mlp.down_proj"),
  /** The norm after attention [D]. */
  ATTENTION_OUTPUT_NORM(Kind.NORM, "attention_output_norm"),
  /** The norm after the MLP [D]. */
  MLP_OUTPUT_NORM(Kind.NORM, "mlp_output_norm");

  private enum Kind {
    NORM,
    BIAS,
    MATRIX
  }

  private final Kind kind;
  private final String whole;
  private final ImmutableList<String> modules;

  BlockWeight(Kind kind, String whole, String... modules) {
    this.kind = kind;
    this.whole = whole;
    this.modules = modules.length == 0 ? ImmutableList.of(whole) : ImmutableList.copyOf(modules);
  }

  /** Whether this is a matrix, which a low-rank change may apply to. */
  public boolean isMatrix() {
    return kind == Kind.MATRIX;
  }

  /** Whether this is a norm, which is float32 in every precision. */
  public boolean isNorm() {
    return kind == Kind.NORM;
  }

  /** The name in trained tensors, such as {@code qkv_proj}. */
  public String label() {
    return whole.substring(whole.indexOf('.') + 1);
  }

  /**
   * The matrix's name within the block if a checkpoint stores it as one tensor, such as {@code
   * self_attn.qkv_proj}.
   */
  public String wholeModule() {
    return whole;
  }

  /**
   * The names within the block of the matrix's parts, first rows first; its own name if it has
   * none.
   */
  public List<String> modules() {
    return modules;
  }

  /** The matrix that a module is a part of, such as {@link #GATE_UP} for {@code mlp.up_proj}. */
  public static Optional<BlockWeight> ofModule(String module) {
    return Arrays.stream(values())
        .filter(w -> w.isMatrix() && w.modules.contains(module))
        .findFirst();
  }

  /**
   * The numbers of the matrix's rows that belong to each of its {@link #modules}.
   *
   * @param rows the number of rows of the whole matrix
   * @param heads H
   * @param kvHeads K
   * @return the number of rows of each module
   */
  public List<Long> rows(long rows, long heads, long kvHeads) {
    if (this == QKV) {
      long headSize = rows / (heads + 2 * kvHeads);
      return List.of(heads * headSize, kvHeads * headSize, kvHeads * headSize);
    }
    long each = rows / modules.size();
    return modules.stream().map(m -> each).toList();
  }
}
