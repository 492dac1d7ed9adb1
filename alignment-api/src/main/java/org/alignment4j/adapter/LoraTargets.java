package org.alignment4j.adapter;

import com.google.gson.JsonElement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.alignment4j.core.CheckpointException;
import org.jspecify.annotations.Nullable;

/**
 * The matrices that an adapter_config.json names: {@code target_modules}, {@code exclude_modules},
 * {@code layers_to_transform} and {@code layers_pattern}, by the rules of PEFT's
 * check_target_module_exists. PEFT loads the tensors of these matrices and ignores the rest.
 */
final class LoraTargets {
  private static final String TARGETS = "target_modules";
  private static final String EXCLUDED = "exclude_modules";
  private static final String LAYERS = "layers_to_transform";
  private static final String PATTERN = "layers_pattern";

  /** PEFT's default if the key is absent; of the supported families, Phi-3 has no such modules. */
  private static final Set<String> DEFAULT_TARGETS = Set.of("q_proj", "v_proj");

  private final JsonFile config;
  private final @Nullable Pattern expression;
  private final Set<String> names;
  private final boolean all;
  private final @Nullable Pattern excludedExpression;
  private final Set<String> excluded;
  private final Set<Integer> layers;
  private final List<Pattern> layerNames = new ArrayList<>();

  LoraTargets(JsonFile config) {
    this.config = config;
    String text = text(TARGETS);
    this.all = text != null && text.toLowerCase(Locale.ROOT).equals("all-linear");
    this.expression = text == null || all ? null : compile(TARGETS, text, text);
    this.names =
        text != null
            ? Set.of()
            : config.get(TARGETS) == null ? DEFAULT_TARGETS : Set.copyOf(list(TARGETS));
    String not = text(EXCLUDED);
    this.excludedExpression = not == null || not.isEmpty() ? null : compile(EXCLUDED, not, not);
    this.excluded =
        not != null || config.get(EXCLUDED) == null ? Set.of() : Set.copyOf(list(EXCLUDED));
    this.layers = layers();
    if (text != null && (config.get(LAYERS) != null || config.get(PATTERN) != null)) {
      throw config.wrong(TARGETS, "a list of names with " + LAYERS + " or " + PATTERN);
    }
    addLayerNames();
  }

  /** Whether the matrix of this full name, such as {@code model.layers.0.mlp.up_proj}, is named. */
  boolean contains(String name) {
    if ((excludedExpression != null && matcher(EXCLUDED, excludedExpression, name).matches())
        || isNamed(excluded, name)) {
      return false;
    }
    if (all) {
      return true;
    }
    if (expression != null) {
      return matcher(TARGETS, expression, name).matches();
    }
    // a full name matches in every layer
    return names.contains(name) || (isNamed(names, name) && (layers.isEmpty() || isInLayers(name)));
  }

  /** The names and layers of the configuration that match none of these matrices. */
  List<String> without(Set<String> matrices) {
    List<String> missing = new ArrayList<>();
    for (String name : new TreeSet<>(config.get(TARGETS) == null ? Set.of() : names)) {
      if (matrices.stream().noneMatch(m -> isNamed(Set.of(name), m))) {
        missing.add(TARGETS + " " + name);
      }
    }
    for (int layer : layers) {
      if (matrices.stream().noneMatch(m -> m.contains("." + layer + "."))) {
        missing.add(LAYERS + " " + layer);
      }
    }
    return missing;
  }

  private static boolean isNamed(Set<String> names, String name) {
    return names.stream().anyMatch(n -> name.equals(n) || name.endsWith("." + n));
  }

  private boolean isInLayers(String name) {
    for (Pattern pattern : layerNames) {
      Matcher found = matcher(PATTERN, pattern, name);
      if (found.lookingAt()) {
        try {
          return layers.contains(Integer.parseInt(found.group("idx")));
        } catch (NumberFormatException e) {
          return false; // beyond any layer
        }
      }
    }
    return false;
  }

  private Set<Integer> layers() {
    JsonElement value = config.get(LAYERS);
    Set<Integer> numbers = new TreeSet<>();
    if (value == null) {
      return numbers;
    }
    for (JsonElement e : value.isJsonArray() ? value.getAsJsonArray() : List.of(value)) {
      if (!e.isJsonPrimitive()
          || !e.getAsJsonPrimitive().isNumber()
          || e.getAsDouble() != Math.rint(e.getAsDouble())) {
        throw config.wrong(LAYERS, "a layer's number or a list of them");
      }
      numbers.add((int) e.getAsDouble());
    }
    return numbers;
  }

  private void addLayerNames() {
    JsonElement value = config.get(PATTERN);
    String text = text(PATTERN);
    List<String> patterns =
        value == null || (text != null && text.isEmpty())
            ? List.of()
            : text != null ? List.of(text) : list(PATTERN);
    if (!patterns.isEmpty() && config.get(LAYERS) == null) {
      throw config.wrong(PATTERN, "none without " + LAYERS);
    }
    if (patterns.isEmpty()) {
      layerNames.add(Pattern.compile(".*?\\.[^.]*\\.(?<idx>\\d+)\\."));
    }
    for (String p : patterns) {
      layerNames.add(compile(PATTERN, p, "(?:^|.*?\\.)" + p + "\\.(?<idx>\\d+)\\."));
    }
  }

  private @Nullable String text(String key) {
    JsonElement value = config.get(key);
    return value != null && value.isJsonPrimitive() ? config.text(key) : null;
  }

  private List<String> list(String key) {
    JsonElement value = config.get(key);
    List<String> texts = new ArrayList<>();
    if (value == null || !value.isJsonArray()) {
      throw config.wrong(key, "a string or a list of strings");
    }
    for (JsonElement e : value.getAsJsonArray()) {
      if (!e.isJsonPrimitive() || !e.getAsJsonPrimitive().isString()) {
        throw config.wrong(key, "a string or a list of strings");
      }
      texts.add(e.getAsString());
    }
    return texts;
  }

  /** Compiles a Python regular expression, as far as Java interprets it in the same way. */
  private Pattern compile(String key, String expression, String whole) {
    if (expression.contains("&&") || expression.matches("(?s).*\\[[^\\]]*\\[.*")) {
      throw PeftFolder.unsupported(config, key, "plainer regular expressions");
    }
    try {
      return Pattern.compile(whole.replace("(?P<", "(?<").replace("\\Z", "\\z"));
    } catch (PatternSyntaxException e) {
      throw new CheckpointException(
          config.path() + ": " + key + " is not a regular expression: " + e.getDescription(), e);
    }
  }

  private Matcher matcher(String key, Pattern pattern, String name) {
    return pattern.matcher(new Bounded(name, new Budget(config, key)));
  }

  /** Limits the characters that a regular expression may read, since its time may be unbounded. */
  private static final class Budget {
    private static final int MAX_CHARACTERS = 1_000_000;

    private final JsonFile config;
    private final String key;
    private int used;

    Budget(JsonFile config, String key) {
      this.config = config;
      this.key = key;
    }

    void use() {
      if (++used > MAX_CHARACTERS) {
        throw new CheckpointException(
            config.path() + ": " + key + " is a regular expression that needs too many steps");
      }
    }
  }

  private record Bounded(String text, Budget budget) implements CharSequence {
    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      budget.use();
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
