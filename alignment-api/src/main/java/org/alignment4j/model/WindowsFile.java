package org.alignment4j.model;

import com.google.gson.JsonElement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Reads which blocks use a sliding window: {@code sliding_window} and, by family, {@code
 * layer_types} or {@code use_sliding_window} and {@code max_window_layers}.
 *
 * @param config the whole configuration
 * @param family the architecture
 * @param blocks L
 */
record WindowsFile(ConfigFile config, Family family, int blocks) {
  static final String SIZE = "sliding_window";
  static final String TYPES = "layer_types";
  static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  /** The window in tokens, 0 for none. */
  int size() {
    if (family.windows == Family.Windows.IF_SWITCHED_ON
        && !config.flag("use_sliding_window", false)) {
      return 0;
    }
    return config.isNull(SIZE)
        ? 0
        : config.integer(SIZE, FamilyDefaults.of(family).slidingWindow());
  }

  /** Per block, whether it uses the window. */
  List<Boolean> windowed() {
    List<Boolean> types = types();
    List<Boolean> result =
        switch (family.windows) {
          case NONE -> Collections.nCopies(blocks, false);
          // transformers ignores layer_types for Phi-3
          case ALL ->
              types.isEmpty() || family == Family.PHI3
                  ? Collections.nCopies(blocks, !isNone())
                  : types;
          case IF_SWITCHED_ON -> types.isEmpty() ? switchedOn() : types;
          case EVERY_OTHER -> types.isEmpty() ? everyOther() : types;
        };
    if (isNone() && (types.contains(true) || family.windows == Family.Windows.EVERY_OTHER)) {
      throw config.error(
          types.contains(true)
              ? TYPES + " has " + SLIDING + ", but no " + SIZE + " is set"
              : SIZE + " = null, but this family needs one");
    }
    if (result.contains(true) && size() == 0) {
      throw config.error(SIZE + " = 0; use null for none");
    }
    if (!types.isEmpty() && !types.equals(result)) {
      config.warn(
          TYPES + " is ignored in {}, as in transformers: every block has the window of {}",
          family.modelType,
          size());
    }
    return result;
  }

  private boolean isNone() {
    return switch (family.windows) {
      case NONE -> true;
      case IF_SWITCHED_ON -> !config.flag("use_sliding_window", false) || config.isNull(SIZE);
      case ALL, EVERY_OTHER ->
          config.isNull(SIZE)
              || (!config.json().has(SIZE) && FamilyDefaults.of(family).slidingWindow() == 0);
    };
  }

  private List<Boolean> switchedOn() {
    int from = config.integer("max_window_layers", 28);
    List<Boolean> result = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      result.add(!isNone() && i >= from);
    }
    return result;
  }

  private List<Boolean> everyOther() {
    List<Boolean> result = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      result.add(i % 2 == 0);
    }
    return result;
  }

  /** The types that layer_types lists, one per block; empty if absent. */
  private List<Boolean> types() {
    JsonElement types = ConfigFile.get(config.json(), TYPES);
    List<Boolean> result = new ArrayList<>();
    if (types == null) {
      return result;
    }
    if (!types.isJsonArray() || types.getAsJsonArray().size() != blocks) {
      throw config.error(TYPES + " is not a list of num_hidden_layers = " + blocks + " types");
    }
    for (JsonElement type : types.getAsJsonArray()) {
      String name = config.text(TYPES, type);
      if (!name.equals(SLIDING) && !name.equals(FULL) && !name.equals("attention")) {
        throw config.unsupported("layer type '" + name + "'");
      }
      result.add(name.equals(SLIDING));
    }
    return result;
  }
}
