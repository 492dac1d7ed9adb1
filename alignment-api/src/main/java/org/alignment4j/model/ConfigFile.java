package org.alignment4j.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.model.ModelConfig.Family;
import org.alignment4j.model.ModelConfig.Llama3Scaling;
import org.alignment4j.model.ModelConfig.Rope;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes config.json, old keys ({@code rope_theta}) and new ({@code rope_parameters}).
 */
final class ConfigFile {
  private final Path file;
  private final JsonObject json;

  private ConfigFile(Path file, JsonObject json) {
    this.file = file;
    this.json = json;
  }

  static ModelConfig read(Path file) {
    try {
      JsonElement root = JsonParser.parseString(Files.readString(file));
      if (!root.isJsonObject()) {
        throw new CheckpointException(file + " is not a JSON object");
      }
      return new ConfigFile(file, root.getAsJsonObject()).config();
    } catch (java.nio.file.NoSuchFileException e) {
      throw new CheckpointException("no config.json in " + file.getParent(), e);
    } catch (IOException | JsonParseException e) {
      throw new CheckpointException("cannot read " + file + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(file + ": " + e.getMessage(), e);
    }
  }

  static String write(ModelConfig c) {
    JsonObject o = new JsonObject();
    String type = c.family().modelType;
    JsonArray architectures = new JsonArray();
    architectures.add(
        type.substring(0, 1).toUpperCase(Locale.ROOT) + type.substring(1) + "ForCausalLM");
    o.add("architectures", architectures);
    o.addProperty("model_type", type);
    o.addProperty("vocab_size", c.vocabulary());
    o.addProperty("hidden_size", c.width());
    o.addProperty("num_hidden_layers", c.blocks());
    o.addProperty("num_attention_heads", c.heads());
    o.addProperty("num_key_value_heads", c.kvHeads());
    o.addProperty("head_dim", c.headSize());
    o.addProperty("intermediate_size", c.mlpWidth());
    o.addProperty("max_position_embeddings", c.contextLength());
    o.addProperty("rms_norm_eps", c.normEps());
    o.addProperty("rope_theta", c.rope().base());
    o.addProperty("hidden_act", "silu");
    o.addProperty("tie_word_embeddings", c.tiedHead());
    o.addProperty("attention_bias", false);
    o.addProperty("mlp_bias", false);
    o.addProperty("torch_dtype", "float16");
    JsonArray eos = new JsonArray();
    c.endOfSequence().stream().sorted().forEach(eos::add);
    o.add("eos_token_id", eos.size() == 1 ? eos.get(0) : eos);
    if (c.rope().scaling() != null || c.slidingWindow() > 0) {
      throw new UnsupportedArchitectureException(
          "only plain configurations are written from scratch");
    }
    return new com.google.gson.GsonBuilder().setPrettyPrinting().create().toJson(o);
  }

  private ModelConfig config() {
    Family family = family();
    refuse("quantization_config", "a quantized checkpoint");
    if (flag("mlp_bias", false)) {
      throw unsupported("mlp_bias = true");
    }
    if (flag("attention_bias", false)) {
      throw unsupported("attention_bias = true");
    }
    String activation = string("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw unsupported("hidden_act = " + activation);
    }
    int blocks = integer("num_hidden_layers", null);
    int heads = integer("num_attention_heads", null);
    int width = integer("hidden_size", null);
    if (heads <= 0 || blocks <= 0 || blocks > 10_000) {
      throw new CheckpointException(
          file + ": num_attention_heads = " + heads + ", num_hidden_layers = " + blocks);
    }
    List<Boolean> windowed = windowed(family, blocks);
    return new ModelConfig(
        family,
        integer("vocab_size", null),
        width,
        blocks,
        heads,
        integer("num_key_value_heads", heads),
        integer("head_dim", width / heads),
        integer("intermediate_size", null),
        integer("max_position_embeddings", 2048),
        number(json, "rms_norm_eps", 1e-6),
        rope(),
        windowed.contains(true) ? integer("sliding_window", null) : 0,
        windowed,
        flag("tie_word_embeddings", false),
        ids("eos_token_id"));
  }

  private Family family() {
    String type = string("model_type", "");
    for (Family f : Family.values()) {
      if (f.modelType.equals(type)) {
        return f;
      }
    }
    throw new UnsupportedArchitectureException(
        file
            + ": model_type '"
            + type
            + "' is not supported; supported are llama, mistral, qwen2, qwen3");
  }

  private List<Boolean> windowed(Family family, int blocks) {
    if (get(json, "sliding_window") == null) {
      return Collections.nCopies(blocks, false);
    }
    if (family == Family.QWEN2 || family == Family.QWEN3) {
      if (!flag("use_sliding_window", false)) {
        return Collections.nCopies(blocks, false);
      }
    } else if (family == Family.LLAMA) {
      return Collections.nCopies(blocks, false);
    }
    JsonElement types = get(json, "layer_types");
    List<Boolean> result = new ArrayList<>();
    if (types != null && types.isJsonArray()) {
      for (JsonElement type : types.getAsJsonArray()) {
        result.add(text("layer_types", type).equals("sliding_attention"));
      }
      return result;
    }
    int from = family == Family.MISTRAL ? 0 : integer("max_window_layers", 28);
    for (int i = 0; i < blocks; i++) {
      result.add(i >= from);
    }
    return result;
  }

  private Rope rope() {
    JsonElement parameters = get(json, "rope_parameters");
    JsonElement old = get(json, "rope_scaling");
    double base = number(json, "rope_theta", 10_000);
    JsonElement scaling = parameters != null ? parameters : old;
    if (scaling == null) {
      return new Rope(base, null);
    }
    if (!scaling.isJsonObject()) {
      throw new CheckpointException(file + ": rope scaling is not an object: " + scaling);
    }
    JsonObject s = scaling.getAsJsonObject();
    base = number(s, "rope_theta", base);
    JsonElement kind = get(s, "rope_type") != null ? get(s, "rope_type") : get(s, "type");
    String name = kind == null ? "default" : text("rope_type", kind);
    if (number(s, "partial_rotary_factor", 1) != 1) {
      throw unsupported("partial_rotary_factor");
    }
    return switch (name) {
      case "default" -> new Rope(base, null);
      case "llama3" ->
          new Rope(
              base,
              new Llama3Scaling(
                  required(s, "factor"),
                  required(s, "low_freq_factor"),
                  required(s, "high_freq_factor"),
                  (int) required(s, "original_max_position_embeddings")));
      default -> throw unsupported("rope scaling '" + name + "'");
    };
  }

  private Set<Integer> ids(String key) {
    Set<Integer> ids = new LinkedHashSet<>();
    JsonElement e = get(json, key);
    try {
      if (e != null && e.isJsonArray()) {
        e.getAsJsonArray().forEach(i -> ids.add(i.getAsInt()));
      } else if (e != null) {
        ids.add(e.getAsInt());
      }
    } catch (RuntimeException ex) {
      throw new CheckpointException(file + ": " + key + " = " + e + " is not an id", ex);
    }
    return ids;
  }

  private void refuse(String key, String what) {
    if (get(json, key) != null) {
      throw unsupported(what + " (" + key + ")");
    }
  }

  private UnsupportedArchitectureException unsupported(String what) {
    return new UnsupportedArchitectureException(file + ": " + what + " is not supported");
  }

  private static @Nullable JsonElement get(JsonObject o, String key) {
    JsonElement e = o.get(key);
    return e == null || e.isJsonNull() ? null : e;
  }

  private boolean flag(String key, boolean fallback) {
    JsonElement e = get(json, key);
    if (e == null) {
      return fallback;
    }
    if (!e.isJsonPrimitive() || !e.getAsJsonPrimitive().isBoolean()) {
      throw new CheckpointException(file + ": " + key + " = " + e + " is not true or false");
    }
    return e.getAsBoolean();
  }

  private String string(String key, String fallback) {
    JsonElement e = get(json, key);
    return e == null ? fallback : text(key, e);
  }

  private String text(String key, JsonElement e) {
    if (!e.isJsonPrimitive()) {
      throw new CheckpointException(file + ": " + key + " = " + e + " is not a string");
    }
    return e.getAsString();
  }

  private int integer(String key, @Nullable Integer fallback) {
    JsonElement e = get(json, key);
    if (e == null) {
      if (fallback == null) {
        throw new CheckpointException(file + ": " + key + " is missing");
      }
      return fallback;
    }
    double value = number(json, key, 0);
    if (value != Math.rint(value) || value < 0 || value > Integer.MAX_VALUE) {
      throw new CheckpointException(file + ": " + key + " = " + e + " is not a count");
    }
    return (int) value;
  }

  private double required(JsonObject o, String key) {
    if (get(o, key) == null) {
      throw new CheckpointException(file + ": rope scaling lacks " + key);
    }
    return number(o, key, 0);
  }

  private double number(JsonObject o, String key, double fallback) {
    JsonElement e = get(o, key);
    if (e == null) {
      return fallback;
    }
    try {
      return e.getAsDouble();
    } catch (RuntimeException ex) {
      throw new CheckpointException(file + ": " + key + " = " + e + " is not a number", ex);
    }
  }
}
