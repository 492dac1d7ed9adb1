package org.alignment4j.internal.tensor;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;

/**
 * The config.json that a model in GGUF would have as a Hugging Face folder, from its metadata and
 * the shapes of its tensors.
 */
public final class GgufConfig {
  private static final String EMBEDDINGS = "token_embd.weight";
  private static final String CONTEXT = "context_length";
  private static final String SCALING = "rope.scaling.";

  /** The number of blocks of Gemma 2 27B, whose scale of scores follows from its width. */
  private static final int LARGEST_GEMMA2 = 46;

  /** Mixtures of experts and multipliers that some relatives of Llama have. */
  private static final List<String> UNSUPPORTED =
      List.of(
          "expert_count",
          "expert_used_count",
          "embedding_scale",
          "residual_scale",
          "logit_scale",
          "attention.scale",
          "attention.max_alibi_bias",
          "attention.clamp_kqv");

  private final GgufMetadata m;
  private final JsonObject json = new JsonObject();

  private GgufConfig(GgufMetadata metadata) {
    this.m = metadata;
  }

  /**
   * Reads the configuration of a model.
   *
   * @throws CheckpointException if the file is damaged or lacks a value
   * @throws UnsupportedArchitectureException for what this version does not run, by its key
   */
  public static JsonObject read(Path path) {
    try (GgufCheckpoint file = GgufCheckpoint.open(path)) {
      return new GgufConfig(GgufMetadata.of(path, file)).config();
    }
  }

  private JsonObject config() {
    GgufArchitecture architecture = m.architecture();
    for (String key : UNSUPPORTED) {
      if (m.number(m.own(key)).orElse(0.0) != 0) {
        throw unsupported(m.own(key) + " = " + m.number(m.own(key)).get());
      }
    }
    json.addProperty("model_type", architecture.key());
    json.addProperty("vocab_size", vocabulary());
    long width = required("hidden_size", "embedding_length");
    long blocks = required("num_hidden_layers", "block_count");
    long heads = required("num_attention_heads", "attention.head_count");
    json.addProperty(
        "num_key_value_heads", m.sameCount(m.own("attention.head_count_kv")).orElse(heads));
    int headSize = m.headSize();
    json.addProperty("head_dim", headSize);
    m.count(m.own("attention.value_length"))
        .filter(size -> size != headSize)
        .ifPresent(
            size -> {
              throw unsupported(m.own("attention.value_length") + " = " + size);
            });
    json.addProperty(
        "intermediate_size",
        m.sameCount(m.own("feed_forward_length"))
            .orElseThrow(() -> m.missing(m.own("feed_forward_length"))));
    required("max_position_embeddings", CONTEXT);
    String eps = m.own("attention.layer_norm_rms_epsilon");
    json.addProperty("rms_norm_eps", m.number(eps).orElseThrow(() -> m.missing(eps)));
    json.addProperty("tie_word_embeddings", !m.file().names().contains("output.weight"));
    json.add("eos_token_id", ends());
    rotary(headSize);
    window();
    if (architecture == GgufArchitecture.GEMMA2) {
      json.addProperty(
          "query_pre_attn_scalar", blocks == LARGEST_GEMMA2 ? width / heads : headSize);
      cap("attn_logit_softcapping");
      cap("final_logit_softcapping");
    }
    return json;
  }

  private long required(String name, String key) {
    long value = m.requiredCount(m.own(key));
    json.addProperty(name, value);
    return value;
  }

  /** The rows of the embeddings: they may be more than the vocabulary, as in transformers. */
  private long vocabulary() {
    long[] shape = m.file().info(EMBEDDINGS).shape();
    if (shape.length != 2) {
      throw new CheckpointException(
          m.path() + ": tensor " + EMBEDDINGS + " is no matrix, it has " + shape.length + " sizes");
    }
    return shape[1];
  }

  private JsonArray ends() {
    Set<Long> ids = new LinkedHashSet<>();
    for (String token : List.of("eos", "eot", "eom")) {
      m.count("tokenizer.ggml." + token + "_token_id").ifPresent(ids::add);
    }
    JsonArray all = new JsonArray();
    ids.forEach(all::add);
    return all;
  }

  private void cap(String key) {
    json.add(key, JsonNull.INSTANCE);
    m.number(m.own(key)).filter(c -> c != 0).ifPresent(c -> json.addProperty(key, c));
  }

  private void window() {
    long size = m.count(m.own("attention.sliding_window")).orElse(0L);
    switch (m.architecture()) {
      case PHI3 -> {
        if (size == 0) {
          json.add("sliding_window", JsonNull.INSTANCE);
        } else {
          json.addProperty("sliding_window", size);
        }
      }
      case GEMMA2 -> {
        if (size > 0) {
          json.addProperty("sliding_window", size);
        }
      }
      default -> {
        // Qwen's files name the window even where the model does not use it; Llama's have none.
      }
    }
  }

  private void rotary(int headSize) {
    json.addProperty("rope_theta", base());
    long rotated = m.count(m.own("rope.dimension_count")).orElse((long) headSize);
    if (rotated != headSize) {
      if (m.architecture() != GgufArchitecture.PHI3) {
        throw unsupported(m.own("rope.dimension_count") + " = " + rotated);
      }
      json.addProperty("partial_rotary_factor", rotated / (double) headSize);
    }
    long context = m.requiredCount(m.own(CONTEXT));
    long original = m.count(m.own(SCALING + "original_context_length")).orElse(context);
    if (m.architecture() == GgufArchitecture.PHI3) {
      json.addProperty("original_max_position_embeddings", original);
    }
    JsonObject scaling = scaling(context, original);
    if (!scaling.isEmpty()) {
      json.add("rope_scaling", scaling);
    }
  }

  private double base() {
    return m.number(m.own("rope.freq_base")).orElse(10_000.0);
  }

  private JsonObject scaling(long context, long original) {
    JsonObject scaling = new JsonObject();
    Optional<JsonArray> each = factors("rope_freqs.weight");
    Optional<JsonArray> beyond = factors("rope_factors_long.weight");
    if (each.isPresent() && beyond.isEmpty()) {
      Optional<JsonObject> llama3 = Llama3Factors.method(each.get(), base(), m.headSize());
      if (llama3.isPresent()) {
        return llama3.get();
      }
    }
    if (each.isPresent() || beyond.isPresent()) {
      JsonArray within =
          factors("rope_factors_short.weight")
              .or(() -> each)
              .orElseThrow(
                  () -> new CheckpointException(m.path() + ": no rope_factors_short.weight"));
      scaling.addProperty("rope_type", "longrope");
      scaling.add("short_factor", within);
      scaling.add("long_factor", beyond.orElse(within));
      scaling.addProperty("original_max_position_embeddings", original);
      // Factors without a method scale the frequencies only.
      Optional<Double> attention =
          beyond.isEmpty() ? Optional.of(1.0) : m.number(m.own(SCALING + "attn_factor"));
      attention.ifPresent(a -> scaling.addProperty("attention_factor", a));
      if (beyond.isEmpty()) {
        scaling.addProperty("factor", 1.0);
      }
      return scaling;
    }
    String type = m.text(m.own(SCALING + "type")).orElse("");
    double factor = m.number(m.own(SCALING + "factor")).orElse(0.0);
    if (factor == 0) { // before it had a type
      factor = m.number(m.own("rope.scale_linear")).orElse(0.0);
      type = type.isEmpty() && factor != 0 ? "linear" : type;
    }
    switch (type) {
      case "", "none" -> {}
      case "linear" -> {
        if (factor != 0 && factor != 1) {
          scaling.addProperty("rope_type", "linear");
          scaling.addProperty("factor", factor);
        }
      }
      case "yarn" -> yarn(scaling, factor, context, original);
      default -> throw unsupported(m.own(SCALING + "type") + " " + type);
    }
    return scaling;
  }

  private void yarn(JsonObject scaling, double factor, long context, long original) {
    double by = factor == 0 ? context / (double) original : factor;
    scaling.addProperty("rope_type", "yarn");
    scaling.addProperty("factor", by);
    scaling.addProperty("original_max_position_embeddings", original);
    m.number(m.own(SCALING + "yarn_beta_fast")).ifPresent(v -> scaling.addProperty("beta_fast", v));
    m.number(m.own(SCALING + "yarn_beta_slow")).ifPresent(v -> scaling.addProperty("beta_slow", v));
    for (String key : List.of("attn_factor", "yarn_attn_factor")) {
      m.number(m.own(SCALING + key))
          .filter(v -> v != 1)
          .ifPresent(
              v ->
                  scaling.addProperty(
                      "attention_factor", v * (by <= 1 ? 1 : 0.1 * Math.log(by) + 1)));
    }
    for (String key : List.of("yarn_log_multiplier", "yarn_ext_factor")) {
      m.number(m.own(SCALING + key))
          .filter(v -> v != (key.endsWith("ext_factor") ? 1 : 0))
          .ifPresent(
              v -> {
                throw unsupported(m.own(SCALING + key) + " = " + v);
              });
    }
  }

  private Optional<JsonArray> factors(String name) {
    if (!m.file().names().contains(name)) {
      return Optional.empty();
    }
    JsonArray all = new JsonArray();
    if (m.file().info(name).elements() > m.headSize()) {
      throw new CheckpointException(
          m.path()
              + ": tensor "
              + name
              + " has "
              + m.file().info(name).elements()
              + " factors for heads of "
              + m.headSize());
    }
    for (float f : m.file().floats(name)) {
      if (!(f > 0) || Float.isInfinite(f)) {
        throw new CheckpointException(m.path() + ": tensor " + name + " holds " + f);
      }
      all.add(Double.parseDouble(Float.toString(f)));
    }
    return Optional.of(all);
  }

  private UnsupportedArchitectureException unsupported(String what) {
    return new UnsupportedArchitectureException(m.path() + ": " + what + " is not supported");
  }
}
