package org.alignment4j.internal.tensor;

import com.google.common.collect.ImmutableBiMap;
import com.google.common.collect.ImmutableMap;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.text.Shown;

/**
 * A {@code general.architecture} of GGUF files that is supported: how its tensors are named and
 * stored there, compared with Hugging Face checkpoints.
 */
public enum GgufArchitecture {
  /** Llama, and what differs from it in sizes only, such as Mistral. */
  LLAMA(Map.of()),
  QWEN2(Map.of()),
  QWEN3(Map.of()),
  GEMMA(Map.of()),
  GEMMA2(
      Map.of(
          "ffn_norm", "pre_feedforward_layernorm",
          "post_attention_norm", "post_attention_layernorm",
          "post_ffw_norm", "post_feedforward_layernorm")),
  PHI3(Map.of("attn_qkv", "self_attn.qkv_proj", "ffn_up", "mlp.gate_up_proj"));

  /** Names that most architectures share; an enum's constants cannot use its static fields. */
  private static final class Names {
    static final ImmutableBiMap<String, String> ENDS =
        ImmutableBiMap.of(
            "token_embd.", "model.embed_tokens.",
            "output_norm.", "model.norm.",
            "output.", "lm_head.");

    static final ImmutableMap<String, String> MODULES =
        ImmutableMap.<String, String>builder()
            .put("attn_norm", "input_layernorm")
            .put("attn_q", "self_attn.q_proj")
            .put("attn_k", "self_attn.k_proj")
            .put("attn_v", "self_attn.v_proj")
            .put("attn_q_norm", "self_attn.q_norm")
            .put("attn_k_norm", "self_attn.k_norm")
            .put("attn_output", "self_attn.o_proj")
            .put("ffn_gate", "mlp.gate_proj")
            .put("ffn_up", "mlp.up_proj")
            .put("ffn_down", "mlp.down_proj")
            .put("ffn_norm", "post_attention_layernorm")
            .buildOrThrow();

    private Names() {}
  }

  private static final Pattern STORED = Pattern.compile("blk\\.(\\d{1,6})\\.(\\w+)\\.(\\w+)");
  private static final Pattern PUBLISHED =
      Pattern.compile("model\\.layers\\.(\\d{1,6})\\.([\\w.]+)\\.(\\w+)");

  /** Published names of a block's modules by those in GGUF. */
  private final ImmutableBiMap<String, String> modules;

  /**
   * @param own names of modules that differ from the common ones
   */
  GgufArchitecture(Map<String, String> own) {
    Map<String, String> all = new LinkedHashMap<>(Names.MODULES);
    all.putAll(own);
    this.modules = ImmutableBiMap.copyOf(all);
  }

  /** The architecture of a {@code general.architecture}. */
  public static Optional<GgufArchitecture> of(String name) {
    return Arrays.stream(values()).filter(a -> a.key().equals(name)).findFirst();
  }

  /**
   * The architecture of a model.
   *
   * @throws UnsupportedArchitectureException if GGUF files of its {@code model_type} are not
   *     supported
   * @throws CheckpointException if its configuration cannot be read
   */
  public static GgufArchitecture ofModel(Checkpoint model) {
    if (model instanceof GgufModel gguf) {
      return gguf.architecture();
    }
    JsonElement type = ModelFiles.config(model.origin()).get("model_type");
    String name = type instanceof JsonPrimitive text ? text.getAsString() : "";
    return of(name.equals("mistral") ? LLAMA.key() : name)
        .orElseThrow(
            () ->
                new UnsupportedArchitectureException(
                    model.origin()
                        + ": GGUF files of model_type "
                        + Shown.quoted(name)
                        + " are not supported; supported are "
                        + names()));
  }

  /** The names of all, for messages. */
  static String names() {
    return Arrays.stream(values()).map(GgufArchitecture::key).collect(Collectors.joining(", "));
  }

  /** Its {@code general.architecture}, with which its metadata keys begin. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The Hugging Face name of a tensor with a name in GGUF; empty if it is no weight. */
  public Optional<String> published(String stored) {
    Matcher block = STORED.matcher(stored);
    if (block.matches()) {
      String module = modules.get(block.group(2));
      return Optional.ofNullable(module)
          .map(m -> "model.layers." + block.group(1) + "." + m + "." + block.group(3));
    }
    return renamed(Names.ENDS, stored);
  }

  /** The name in GGUF of a tensor with a Hugging Face name; empty if it has none. */
  public Optional<String> stored(String published) {
    Matcher block = PUBLISHED.matcher(published);
    if (block.matches()) {
      String module = modules.inverse().get(block.group(2));
      return Optional.ofNullable(module)
          .map(m -> "blk." + block.group(1) + "." + m + "." + block.group(3));
    }
    return renamed(Names.ENDS.inverse(), published);
  }

  private static Optional<String> renamed(ImmutableBiMap<String, String> prefixes, String name) {
    return prefixes.entrySet().stream()
        .filter(e -> name.startsWith(e.getKey()))
        .map(e -> e.getValue() + name.substring(e.getKey().length()))
        .findFirst();
  }

  /**
   * Whether the rows of this weight are stored in the order of an interleaved rotation: for each
   * head, row i of its first half is followed by row i of its second half.
   *
   * @param published the weight's Hugging Face name
   */
  public boolean interleaves(String published) {
    return this == LLAMA
        && (published.contains(".self_attn.q_proj.") || published.contains(".self_attn.k_proj."));
  }

  /**
   * The row of a head at which GGUF keeps a row, in weights that it interleaves.
   *
   * @param row in the order of transformers
   */
  public static int interleavedRow(int row, int headSize) {
    int half = headSize / 2;
    return 2 * (row % half) + row / half;
  }

  /**
   * Whether one is added to this weight in GGUF: norms that store their distance from one.
   *
   * @param published the weight's Hugging Face name
   */
  public boolean addsOne(String published) {
    return (this == GEMMA || this == GEMMA2) && published.endsWith("norm.weight");
  }
}
