package org.alignment4j.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.Shown;
import org.alignment4j.internal.text.StrictJson;
import org.alignment4j.model.Family.Trait;
import org.alignment4j.model.ModelConfig.Activation;
import org.alignment4j.model.ModelConfig.Extras;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.MessageFormatter;

/**
 * Reads and writes config.json, with old keys ({@code rope_theta}) and new ones ({@code
 * rope_parameters}). If two keys conflict, the one that transformers uses takes precedence, and a
 * warning is logged. An absent key gets the default of the family's transformers configuration
 * class; null is interpreted as that class does.
 */
final class ConfigFile {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigFile.class);
  private static final String SCALAR = "query_pre_attn_scalar";
  private static final String HEAD_SIZE = "head_dim";
  private static final String ARCHITECTURES = "architectures";

  private final Path file;
  private final JsonObject json;

  private ConfigFile(Path file, JsonObject json) {
    this.file = file;
    this.json = json;
  }

  /**
   * @param file for messages
   * @param json its content, or what stands for it
   */
  static ModelConfig read(Path file, JsonObject json) {
    try {
      return new ConfigFile(file, json).config();
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(file + ": " + Reasons.of(e), e);
    }
  }

  static String write(ModelConfig c) {
    JsonObject o = new JsonObject();
    JsonArray architectures = new JsonArray();
    architectures.add(architecture(c.family()));
    o.add(ARCHITECTURES, architectures);
    o.addProperty("model_type", c.family().modelType);
    o.addProperty("vocab_size", c.vocabulary());
    o.addProperty("hidden_size", c.width());
    o.addProperty("num_hidden_layers", c.blocks());
    o.addProperty("num_attention_heads", c.heads());
    o.addProperty("num_key_value_heads", c.kvHeads());
    o.addProperty(HEAD_SIZE, c.headSize());
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
    o.addProperty(c.family() == Family.GEMMA2 ? "hidden_activation" : "hidden_act", activation);
    if (c.family().has(Trait.SOFT_CAPS)) {
      double scale = c.extras().scoreScale();
      o.addProperty(SCALAR, 1 / (scale * scale));
      o.addProperty("attn_logit_softcapping", c.extras().scoreCap());
      o.addProperty("final_logit_softcapping", c.extras().logitCap());
    }
    if (c.family().windows == Family.Windows.EVERY_OTHER) {
      // transformers builds the window mask whether or not a block uses it
      o.addProperty(WindowsFile.SIZE, c.contextLength());
      JsonArray types = new JsonArray();
      c.windowed().forEach(w -> types.add(WindowsFile.FULL));
      o.add(WindowsFile.TYPES, types);
    } else if (c.family().windows != Family.Windows.NONE) {
      o.add(WindowsFile.SIZE, JsonNull.INSTANCE);
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
    return StrictJson.pretty(o);
  }

  private ModelConfig config() {
    Family family = family();
    FamilyDefaults defaults = FamilyDefaults.of(family);
    reject("quantization_config", "a quantized checkpoint");
    reject("text_config", "a configuration within the configuration");
    reject("per_layer_config", "a configuration per layer");
    if (family.has(Trait.BIASES_BY_KEY) && flag("attention_bias", false)) {
      throw unsupported("attention_bias = true");
    }
    if (family == Family.LLAMA && flag("mlp_bias", false)) {
      throw unsupported("mlp_bias = true");
    }
    warnOfOtherArchitectures(family);
    int blocks = integer("num_hidden_layers", defaults.blocks());
    int heads = integer("num_attention_heads", defaults.heads());
    int width = integer("hidden_size", defaults.width());
    if (heads <= 0 || blocks <= 0 || blocks > 10_000) {
      throw new CheckpointException(
          file + ": num_attention_heads = " + heads + ", num_hidden_layers = " + blocks);
    }
    if ((family == Family.LLAMA || family == Family.GEMMA2) && width % heads != 0) {
      throw new CheckpointException(
          file + ": hidden_size = " + width + " is not a multiple of " + heads + " heads");
    }
    WindowsFile windows = new WindowsFile(this, family, blocks);
    List<Boolean> windowed = windows.windowed();
    int headSize = headSize(family, defaults, width / heads);
    int context = integer("max_position_embeddings", defaults.contextLength());
    return new ModelConfig(
        family,
        integer("vocab_size", defaults.vocabulary()),
        width,
        blocks,
        heads,
        kvHeads(family, defaults, heads),
        headSize,
        integer("intermediate_size", defaults.mlpWidth()),
        context,
        number("rms_norm_eps", defaults.normEps()),
        rope(family, context),
        windowed.contains(true) ? windows.size() : 0,
        windowed,
        flag("tie_word_embeddings", family.has(Trait.TIED_BY_DEFAULT)),
        ends(defaults),
        extras(family, headSize));
  }

  private int kvHeads(Family family, FamilyDefaults defaults, int heads) {
    String key = "num_key_value_heads";
    boolean optional = family != Family.MISTRAL && !family.has(Trait.SCALED_EMBEDDINGS);
    if (optional && isNull(key)) {
      return heads;
    }
    int absent = defaults.kvHeads();
    return integer(key, absent == FamilyDefaults.DERIVED ? heads : absent);
  }

  private int headSize(Family family, FamilyDefaults defaults, int derived) {
    boolean optional = family == Family.LLAMA || family == Family.MISTRAL;
    if (optional && isNull(HEAD_SIZE)) {
      return derived;
    }
    int absent = defaults.headSize();
    return integer(HEAD_SIZE, absent == FamilyDefaults.DERIVED ? derived : absent);
  }

  /**
   * The family's end tokens are used only if neither this file nor generation_config.json has any.
   */
  private Set<Integer> ends(FamilyDefaults defaults) {
    String key = "eos_token_id";
    boolean named =
        json.has(key)
            || InputFile.checkpoint(file.resolveSibling("generation_config.json")).exists();
    return named ? ids(key) : defaults.ends();
  }

  /** transformers selects the model by model_type, whatever architectures contains. */
  private void warnOfOtherArchitectures(Family family) {
    JsonElement named = get(json, ARCHITECTURES);
    String own = architecture(family);
    if (named != null
        && named.isJsonArray()
        && !named.getAsJsonArray().isEmpty()
        && !named.getAsJsonArray().contains(new JsonPrimitive(own))) {
      warn("architectures {} is not {}, the class of model_type, which is run", named, own);
    }
  }

  private static String architecture(Family family) {
    String type = family.modelType;
    return type.substring(0, 1).toUpperCase(Locale.ROOT) + type.substring(1) + "ForCausalLM";
  }

  private Extras extras(Family family, int headSize) {
    boolean caps = family.has(Trait.SOFT_CAPS);
    Extras defaults = Extras.of(family, Math.max(headSize, 1));
    String both = "use_bidirectional_attention";
    if (family.has(Trait.SCALED_EMBEDDINGS) && !isNull(both) && flag(both, false)) {
      throw unsupported(both + " = true");
    }
    return new Extras(
        activation(family),
        caps && json.has(SCALAR) ? 1 / Math.sqrt(number(SCALAR, 0)) : defaults.scoreScale(),
        caps ? cap("attn_logit_softcapping", defaults.scoreCap()) : 0,
        caps ? cap("final_logit_softcapping", defaults.logitCap()) : 0);
  }

  /** A soft cap: 0 (none) if null; the family's default if absent. */
  private double cap(String key, double absent) {
    if (isNull(key)) {
      return 0;
    }
    double cap = number(key, absent);
    if (cap == 0) { // it divides the scores
      throw new CheckpointException(file + ": " + key + " = 0; use null for none");
    }
    return cap;
  }

  private Activation activation(Family family) {
    // Only Gemma 2 uses the newer key; transformers ignores the other one.
    String key = family == Family.GEMMA2 ? "hidden_activation" : "hidden_act";
    String name = string(key, family.has(Trait.TANH_GELU) ? "gelu_pytorch_tanh" : "silu");
    return switch (name) {
      case "silu", "swish" -> Activation.SILU;
      // Early Gemma files say gelu but mean the tanh approximation; transformers warns about it.
      case "gelu" -> family == Family.GEMMA ? Activation.GELU_TANH : Activation.GELU;
      case "gelu_pytorch_tanh", "gelu_new" -> Activation.GELU_TANH;
      default -> throw unsupported(key + " = " + name);
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

  private Rope rope(Family family, int context) {
    return new RopeFile(this, family, parameters(), context).rope();
  }

  /**
   * The rotary parameters: a non-empty rope_scaling replaces rope_parameters entirely, as in
   * transformers.
   */
  private JsonObject parameters() {
    JsonObject scaling = object("rope_scaling");
    JsonObject parameters = object("rope_parameters");
    if (scaling.isEmpty()) {
      return parameters;
    }
    if (!parameters.isEmpty() && !parameters.equals(scaling)) {
      warn(
          "rope_scaling {} is used and rope_parameters {} is ignored, the rotary base"
              + " included, as in transformers",
          scaling,
          parameters);
    }
    return scaling;
  }

  private JsonObject object(String key) {
    JsonElement e = get(json, key);
    if (e != null && !e.isJsonObject()) {
      throw new CheckpointException(file + ": " + key + " is not an object: " + e);
    }
    return e == null ? new JsonObject() : e.getAsJsonObject();
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

  private void reject(String key, String what) {
    if (get(json, key) != null) {
      throw unsupported(what + " (" + key + ")");
    }
  }

  /** The whole configuration. */
  JsonObject json() {
    return json;
  }

  /** Logs a warning that names this file. */
  void warn(String message, Object... values) {
    if (LOG.isWarnEnabled()) {
      LOG.warn("{}: {}", file, MessageFormatter.arrayFormat(message, values).getMessage());
    }
  }

  CheckpointException error(String message) {
    return new CheckpointException(file + ": " + message);
  }

  UnsupportedArchitectureException unsupported(String what) {
    return new UnsupportedArchitectureException(file + ": " + what + " is not supported");
  }

  static @Nullable JsonElement get(JsonObject o, String key) {
    JsonElement e = o.get(key);
    return e == null || e.isJsonNull() ? null : e;
  }

  /** Whether the key is present and null, which differs from absent. */
  boolean isNull(String key) {
    return json.has(key) && json.get(key).isJsonNull();
  }

  boolean flag(String key, boolean absent) {
    if (!json.has(key)) {
      return absent;
    }
    JsonElement e = json.get(key);
    if (!e.isJsonPrimitive() || !e.getAsJsonPrimitive().isBoolean()) {
      throw new CheckpointException(file + ": " + key + " = " + e + " is not true or false");
    }
    return e.getAsBoolean();
  }

  private String string(String key, String absent) {
    return json.has(key) ? text(key, json.get(key)) : absent;
  }

  String text(String key, JsonElement e) {
    if (!e.isJsonPrimitive()) {
      throw new CheckpointException(file + ": " + key + " = " + e + " is not a string");
    }
    return e.getAsString();
  }

  int integer(String key, int absent) {
    double value = number(key, absent);
    if (value != Math.rint(value) || value < 0 || value > Integer.MAX_VALUE) {
      throw new CheckpointException(file + ": " + key + " = " + json.get(key) + " is not a count");
    }
    return (int) value;
  }

  private double number(String key, double absent) {
    return number(json, key, absent);
  }

  /** A number of the file or of a nested object; null is rejected. */
  double number(JsonObject o, String key, double absent) {
    if (!o.has(key)) {
      return absent;
    }
    JsonElement e = o.get(key);
    try {
      return e.getAsDouble();
    } catch (RuntimeException ex) {
      throw new CheckpointException(file + ": " + key + " = " + e + " is not a number", ex);
    }
  }
}
