package org.alignment4j.model;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.model.Rope.Linear;
import org.alignment4j.model.Rope.Llama3;
import org.alignment4j.model.Rope.LongRope;
import org.alignment4j.model.Rope.Scaling;
import org.alignment4j.model.Rope.Yarn;
import org.jspecify.annotations.Nullable;

/**
 * Reads the scaling in config.json's {@code rope_parameters} or {@code rope_scaling}.
 *
 * @param file for messages
 * @param root the whole configuration
 * @param json the scaling's object
 * @param context max_position_embeddings
 */
record RopeFile(Path file, JsonObject root, JsonObject json, int context) {
  /**
   * @throws UnsupportedArchitectureException for a scaling this version does not run, by name
   */
  @Nullable Scaling scaling() {
    for (String layers : List.of("full_attention", "sliding_attention")) {
      if (ConfigFile.get(json, layers) != null) {
        throw unsupported("rope parameters per layer type");
      }
    }
    String name = name();
    return switch (name) {
      case "default" -> null;
      case "linear" -> new Linear(required("factor"));
      case "llama3" ->
          new Llama3(
              required("factor"),
              required("low_freq_factor"),
              required("high_freq_factor"),
              originalContext());
      case "yarn" -> yarn();
      case "longrope" -> longRope();
      default -> throw unsupported("rope scaling '" + name + "'");
    };
  }

  private String name() {
    JsonElement kind = ConfigFile.get(json, "rope_type");
    if (kind == null) {
      kind = ConfigFile.get(json, "type");
    }
    if (kind == null) {
      return "default";
    }
    if (!kind.isJsonPrimitive()) {
      throw new CheckpointException(file + ": rope_type = " + kind + " is not a string");
    }
    String name = kind.getAsString();
    // Early Phi-3 files call LongRoPE su, or yarn.
    JsonElement model = ConfigFile.get(root, "model_type");
    boolean phi3 = model != null && model.isJsonPrimitive() && model.getAsString().equals("phi3");
    return name.equals("su") || (phi3 && name.equals("yarn")) ? "longrope" : name;
  }

  private Yarn yarn() {
    int original = originalContext();
    double factor = optional("factor", context / (double) original);
    double mscale = optional("mscale", 0);
    double mscaleAll = optional("mscale_all_dim", 0);
    double attention =
        mscale != 0 && mscaleAll != 0
            ? magnitude(factor, mscale) / magnitude(factor, mscaleAll)
            : magnitude(factor, 1);
    double fast = optional("beta_fast", 32);
    double slow = optional("beta_slow", 1);
    JsonElement truncate = ConfigFile.get(json, "truncate");
    if (truncate != null
        && !(truncate.isJsonPrimitive() && truncate.getAsJsonPrimitive().isBoolean())) {
      throw new CheckpointException(file + ": truncate = " + truncate + " is not true or false");
    }
    return new Yarn(
        factor,
        fast == 0 ? 32 : fast,
        slow == 0 ? 1 : slow,
        original,
        optional("attention_factor", attention),
        truncate == null || truncate.getAsBoolean());
  }

  /** Published with the method: attention grows flatter over longer contexts. */
  private static double magnitude(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  private LongRope longRope() {
    int original = originalContext();
    double factor = optional("factor", context / (double) original);
    double attention =
        factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(Math.max(2, original)));
    return new LongRope(
        factors("short_factor"),
        factors("long_factor"),
        original,
        optional("attention_factor", attention));
  }

  private List<Double> factors(String key) {
    JsonElement e = ConfigFile.get(json, key);
    if (e == null || !e.isJsonArray()) {
      throw new CheckpointException(file + ": rope scaling lacks a list " + key);
    }
    List<Double> factors = new ArrayList<>();
    for (JsonElement f : e.getAsJsonArray()) {
      if (!f.isJsonPrimitive() || !f.getAsJsonPrimitive().isNumber()) {
        throw new CheckpointException(file + ": " + key + " holds " + f + ", not a number");
      }
      factors.add(f.getAsDouble());
    }
    return factors;
  }

  /** Phi-3 writes it beside the scaling, and that place counts first, as in transformers. */
  private int originalContext() {
    String key = "original_max_position_embeddings";
    double inside = optional(key, context);
    double original = ConfigFile.number(file, root, key, inside);
    if (!(original >= 1 && original <= Integer.MAX_VALUE)) {
      throw new CheckpointException(file + ": " + key + " = " + original);
    }
    return (int) original;
  }

  private double required(String key) {
    if (ConfigFile.get(json, key) == null) {
      throw new CheckpointException(file + ": rope scaling lacks " + key);
    }
    return optional(key, 0);
  }

  private double optional(String key, double fallback) {
    return ConfigFile.number(file, json, key, fallback);
  }

  private UnsupportedArchitectureException unsupported(String what) {
    return new UnsupportedArchitectureException(file + ": " + what + " is not supported");
  }
}
