package org.alignment4j.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Shown;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.model.Family.Trait;
import org.alignment4j.model.ModelConfig.Activation;
import org.alignment4j.model.ModelConfig.Extras;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes config.json, old keys ({@code rope_theta}) and new ({@code rope_parameters}).
 */
final class ConfigFile {
  private static final String WINDOW = "sliding_window";
  private static final String SCALAR = "query_pre_attn_scalar";

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
    String activation =
        switch (c.extras().activation()) {
          case SILU -> "silu";
          case GELU -> "gelu";
          case GELU_TANH -> "gelu_pytorch_tanh";
        };
    o.addProperty("hidden_act", activation);
    if (c.family().has(Trait.SOFT_CAPS)) {
      double scale = c.extras().scoreScale();
      o.addProperty(SCALAR, 1 / (scale * scale));
      o.addProperty("attn_logit_softcapping", c.extras().scoreCap());
      o.addProperty("final_logit_softcapping", c.extras().logitCap());
    }
    if (c.family().windows != Family.Windows.NONE) {
      o.add(WINDOW, JsonNull.INSTANCE);
    }
    o.addProperty("tie_word_embeddings", c.tiedHead());
    o.addProperty("attention_bias", false);
    o.addProperty("mlp_bias", false);
    o.addProperty("torch_dtype", "float16");
    JsonArray eos = new JsonArray();
    c.endOfSequence().stream().sorted().forEach(eos::add);
    o.add("eos_token_id", eos.size() == 1 ? eos.get(0) : eos);
    if (c.rope().scaling() != null
        || c.rope().share() != 1
        || c.slidingWindow() > 0
        || !c.extras().equals(Extras.of(c.family(), c.headSize()))) {
      throw new UnsupportedArchitectureException(
          "only plain configurations are written from scratch");
    }
    return new com.google.gson.GsonBuilder()
        .serializeNulls()
        .setPrettyPrinting()
        .create()
        .toJson(o);
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
    int blocks = integer("num_hidden_layers", null);
    int heads = integer("num_attention_heads", null);
    int width = integer("hidden_size", null);
    if (heads <= 0 || blocks <= 0 || blocks > 10_000) {
      throw new CheckpointException(
          file + ": num_attention_heads = " + heads + ", num_hidden_layers = " + blocks);
    }
    List<Boolean> windowed = windowed(family, blocks);
    int headSize = integer("head_dim", defaultHeadSize(family, width, heads));
    int context = integer("max_position_embeddings", 2048);
    int kvHeads = integer("num_key_value_heads", heads);
    return new ModelConfig(
        family,
        integer("vocab_size", null),
        width,
        blocks,
        heads,
        kvHeads,
        headSize,
        integer("intermediate_size", null),
        context,
        number(json, "rms_norm_eps", 1e-6),
        rope(context),
        windowed.contains(true) ? integer(WINDOW, defaultWindow(family)) : 0,
        windowed,
        flag("tie_word_embeddings", family.has(Trait.TIED_BY_DEFAULT)),
        ids("eos_token_id"),
        extras(family, headSize));
  }

  /** What transformers takes where the key is absent; null there means no window. */
  private static int defaultWindow(Family family) {
    return family == Family.PHI3 ? 0 : 4096;
  }

  private static int defaultHeadSize(Family family, int width, int heads) {
    // The Gemma configurations of transformers leave the key out where it is their default.
    return family == Family.GEMMA || family == Family.GEMMA2 ? 256 : width / heads;
  }

  private Extras extras(Family family, int headSize) {
    boolean caps = family.has(Trait.SOFT_CAPS);
    Extras usual = Extras.of(family, Math.max(headSize, 1));
    if (caps && flag("use_bidirectional_attention", false)) {
      throw unsupported("use_bidirectional_attention = true");
    }
    return new Extras(
        activation(family),
        caps && get(json, SCALAR) != null
            ? 1 / Math.sqrt(number(json, SCALAR, 0))
            : usual.scoreScale(),
        caps ? cap("attn_logit_softcapping", usual.scoreCap()) : 0,
        caps ? cap("final_logit_softcapping", usual.logitCap()) : 0);
  }

  /** A cap that is null is none; one that is absent has the family's default. */
  private double cap(String key, double absent) {
    return number(json, key, json.has(key) ? 0 : absent);
  }

  private Activation activation(Family family) {
    if (family.has(Trait.TANH_GELU)) {
      String name = string("hidden_activation", string("hidden_act", "gelu_pytorch_tanh"));
      // Early Gemma files say gelu and mean the approximation, as transformers warns.
      return switch (name) {
        case "gelu_pytorch_tanh", "gelu_new" -> Activation.GELU_TANH;
        case "gelu" -> family == Family.GEMMA ? Activation.GELU_TANH : Activation.GELU;
        case "silu", "swish" -> Activation.SILU;
        default -> throw unsupported("hidden_activation = " + name);
      };
    }
    String name = string("hidden_act", "silu");
    return switch (name) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu" -> Activation.GELU;
      case "gelu_pytorch_tanh", "gelu_new" -> Activation.GELU_TANH;
      default -> throw unsupported("hidden_act = " + name);
    };
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
            + ": model_type "
            + Shown.quoted(type)
            + " is not supported; supported are "
            + Arrays.stream(Family.values())
                .map(f -> f.modelType)
                .collect(Collectors.joining(", ")));
  }

  private List<Boolean> windowed(Family family, int blocks) {
    boolean none = json.has(WINDOW) ? get(json, WINDOW) == null : defaultWindow(family) == 0;
    boolean off =
        switch (family.windows) {
          case NONE -> true;
          case IF_SWITCHED_ON -> none || !flag("use_sliding_window", false);
          case ALL, EVERY_OTHER -> none;
        };
    if (off) {
      return Collections.nCopies(blocks, false);
    }
    JsonElement types = get(json, "layer_types");
    List<Boolean> result = new ArrayList<>();
    if (types != null && types.isJsonArray()) {
      for (JsonElement type : types.getAsJsonArray()) {
        String name = text("layer_types", type);
        if (!name.equals("sliding_attention") && !name.equals("full_attention")) {
          throw unsupported("layer type '" + name + "'");
        }
        result.add(name.equals("sliding_attention"));
      }
      return result;
    }
    int from =
        family.windows == Family.Windows.IF_SWITCHED_ON ? integer("max_window_layers", 28) : 0;
    for (int i = 0; i < blocks; i++) {
      result.add(i >= from && (family.windows != Family.Windows.EVERY_OTHER || i % 2 == 0));
    }
    return result;
  }

  private Rope rope(int context) {
    JsonElement parameters = get(json, "rope_parameters");
    JsonElement scaling = parameters != null ? parameters : get(json, "rope_scaling");
    double base = number(json, "rope_theta", 10_000);
    double share = number(json, "partial_rotary_factor", 1);
    if (scaling == null) {
      return new Rope(base, share, null);
    }
    if (!scaling.isJsonObject()) {
      throw new CheckpointException(file + ": rope scaling is not an object: " + scaling);
    }
    JsonObject s = scaling.getAsJsonObject();
    base = number(s, "rope_theta", base);
    share = number(s, "partial_rotary_factor", share);
    return new Rope(base, share, new RopeFile(file, json, s, context).scaling());
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

  static @Nullable JsonElement get(JsonObject o, String key) {
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

  private double number(JsonObject o, String key, double fallback) {
    return number(file, o, key, fallback);
  }

  static double number(Path file, JsonObject o, String key, double fallback) {
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
