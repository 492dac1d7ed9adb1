package org.alignment4j.model;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.model.Family.Trait;
import org.alignment4j.model.Rope.Linear;
import org.alignment4j.model.Rope.Llama3;
import org.alignment4j.model.Rope.LongRope;
import org.alignment4j.model.Rope.Scaling;
import org.alignment4j.model.Rope.Yarn;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rotary parameters of config.json.
 *
 * @param config the whole configuration
 * @param family the architecture
 * @param json {@code rope_parameters} or {@code rope_scaling}; empty if there is neither
 * @param context max_position_embeddings
 */
record RopeFile(ConfigFile config, Family family, JsonObject json, int context) {
  private static final double DEFAULT_BASE = 10_000;
  private static final String BASE = "rope_theta";
  private static final String SHARE = "partial_rotary_factor";
  private static final String ORIGINAL = "original_max_position_embeddings";
  private static final String KIND = "rope_type";

  /**
   * @throws UnsupportedArchitectureException for a scaling this version does not run, by name
   */
  Rope rope() {
    for (String layers : List.of("full_attention", "sliding_attention")) {
      if (json.has(layers)) {
        throw config.unsupported("rope parameters per layer type");
      }
    }
    if (family == Family.PHI3 && config.isNull(ORIGINAL)) {
      throw config.error(ORIGINAL + " = null");
    }
    double outside = config.number(config.json(), BASE, DEFAULT_BASE);
    double base = config.number(json, BASE, outside);
    if (json.has(BASE) && config.json().has(BASE) && base != outside) {
      config.warn(
          "rope_theta {} among the rotary parameters is used, {} outside them is ignored",
          base,
          outside);
    }
    String name = name();
    return new Rope(base, share(name), scaling(name));
  }

  private @Nullable Scaling scaling(String name) {
    if (family == Family.PHI3 && !name.equals("default") && !name.equals("longrope")) {
      throw config.unsupported("rope scaling '" + name + "' in " + family.modelType);
    }
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
      default -> throw config.unsupported("rope scaling '" + name + "'");
    };
  }

  /** The rotated fraction of a head; 1 where transformers does not read the key. */
  private double share(String name) {
    JsonObject holder = json.has(SHARE) ? json : config.json();
    boolean read = family.has(Trait.PARTIAL_ROTATION);
    if (!read && ConfigFile.get(holder, SHARE) == null) {
      return 1;
    }
    double share = config.number(holder, SHARE, 1);
    if (read || share == 1) {
      return share;
    }
    if (!name.equals("default")) {
      throw config.unsupported(
          SHARE + " = " + share + " with rope scaling '" + name + "' in " + family.modelType);
    }
    config.warn(
        SHARE + " {} is ignored in {}, as in transformers: whole heads are rotated",
        share,
        family.modelType);
    return 1;
  }

  private String name() {
    String key = json.has(KIND) ? KIND : "type";
    if (!json.has(key)) {
      return "default";
    }
    JsonElement kind = json.get(key);
    if (!kind.isJsonPrimitive()) {
      throw config.error(key + " = " + kind + " is not a string");
    }
    JsonElement other = ConfigFile.get(json, "type");
    if (other != null && !other.equals(kind)) {
      config.warn("rope_type {} is used, type {} is ignored", kind, other);
    }
    String name = kind.getAsString();
    // Early Phi-3 files call LongRoPE su, or yarn.
    boolean early = family == Family.PHI3 && (name.equals("su") || name.equals("yarn"));
    return early ? "longrope" : name;
  }

  private Yarn yarn() {
    int original = originalContext();
    if (!json.has("factor")) {
      throw config.error("rope scaling lacks factor");
    }
    double factor = optional("factor", context / (double) original);
    double mscale = optional("mscale", 0);
    double mscaleAll = optional("mscale_all_dim", 0);
    double attention =
        mscale != 0 && mscaleAll != 0
            ? magnitude(factor, mscale) / magnitude(factor, mscaleAll)
            : magnitude(factor, 1);
    double fast = optional("beta_fast", 32);
    double slow = optional("beta_slow", 1);
    JsonElement truncate = json.get("truncate");
    boolean cut = truncate == null;
    if (truncate != null && !truncate.isJsonNull()) {
      if (!truncate.isJsonPrimitive() || !truncate.getAsJsonPrimitive().isBoolean()) {
        throw config.error("truncate = " + truncate + " is not true or false");
      }
      cut = truncate.getAsBoolean();
    }
    return new Yarn(
        factor,
        fast == 0 ? 32 : fast,
        slow == 0 ? 1 : slow,
        original,
        optional("attention_factor", attention),
        cut);
  }

  /** As published with the method: the attention factor grows with the scaling factor. */
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
      throw config.error("rope scaling lacks a list " + key);
    }
    List<Double> factors = new ArrayList<>();
    for (JsonElement f : e.getAsJsonArray()) {
      if (!f.isJsonPrimitive() || !f.getAsJsonPrimitive().isNumber()) {
        throw config.error(key + " holds " + f + ", not a number");
      }
      factors.add(f.getAsDouble());
    }
    return factors;
  }

  /**
   * A value outside the rotary parameters takes precedence, as in transformers; Phi-3 always has
   * one.
   */
  private int originalContext() {
    int familyDefault = FamilyDefaults.of(family).originalContext();
    double inside = config.number(json, ORIGINAL, context);
    double original =
        config.number(
            config.json(),
            ORIGINAL,
            familyDefault == FamilyDefaults.DERIVED ? inside : familyDefault);
    if (!(original >= 1 && original <= Integer.MAX_VALUE)) {
      throw config.error(ORIGINAL + " = " + original);
    }
    if (json.has(ORIGINAL) && original != inside) {
      config.warn(
          ORIGINAL + " {} is used, {} among the rotary parameters is ignored, as in transformers",
          (int) original,
          (int) inside);
    }
    return (int) original;
  }

  private double required(String key) {
    if (ConfigFile.get(json, key) == null) {
      throw config.error("rope scaling lacks " + key);
    }
    return optional(key, 0);
  }

  /** A number whose null means absent. */
  private double optional(String key, double fallback) {
    return ConfigFile.get(json, key) == null ? fallback : config.number(json, key, fallback);
  }
}
