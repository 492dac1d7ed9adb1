package org.alignment4j.core;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * The record of how an artifact was made, sufficient to assess and reproduce it. Stored as JSON in
 * every file that this library writes. Values must be of JSON's types: strings, numbers, booleans,
 * lists, maps. Immutable.
 *
 * @param method the method's name, e.g. "actor"
 * @param settings every setting of the run by name
 * @param seed the seed of the run's random numbers
 * @param inputs SHA-256 hashes of model and data by name
 * @param metrics measured figures, before and after, by name
 */
public record Provenance(
    String method,
    Map<String, Object> settings,
    long seed,
    Map<String, String> inputs,
    Map<String, Object> metrics) {

  /** The library's version, as written into artifacts. */
  public static final String LIBRARY_VERSION = "0.1.0";

  /** The numbering of layers in everything that this library writes. */
  public static final String LAYER_CONVENTION =
      "hidden_states: 0 = embeddings, l = output of block l (model.layers.(l-1)), no final norm";

  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();

  /** Creates a record; the maps are copied in their order. */
  public Provenance {
    settings = copy(settings);
    inputs = copy(inputs);
    metrics = copy(metrics);
  }

  private static <V> Map<String, V> copy(Map<String, V> map) {
    return java.util.Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  /**
   * Returns this record as a JSON object, with the library's version and layer convention. Numbers
   * without a JSON form become strings: "NaN", "Infinity".
   */
  public String toJson() {
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    all.put("library", "alignment4j " + LIBRARY_VERSION);
    all.put("layer_convention", LAYER_CONVENTION);
    all.put("method", method);
    all.put("settings", plain(settings));
    all.put("seed", seed);
    all.put("inputs", inputs);
    all.put("metrics", plain(metrics));
    return GSON.toJson(all);
  }

  private static @Nullable Object plain(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> copy = new LinkedHashMap<>();
      map.forEach((k, v) -> copy.put(String.valueOf(k), plain(v)));
      return copy;
    }
    if (value instanceof Collection<?> list) {
      List<@Nullable Object> copy = new ArrayList<>();
      list.forEach(v -> copy.add(plain(v)));
      return copy;
    }
    if (value instanceof Double || value instanceof Float) {
      Number number = (Number) value;
      return Double.isFinite(number.doubleValue()) ? number : number.toString();
    }
    return value;
  }

  /**
   * Reads the JSON that {@link #toJson} wrote; numbers in maps are read as doubles.
   *
   * @throws BadDataException if the text is not such an object
   */
  @SuppressWarnings("unchecked")
  public static Provenance fromJson(String json) {
    try {
      JsonObject o = StrictJson.object(json);
      return new Provenance(
          o.get("method").getAsString(),
          GSON.fromJson(o.get("settings"), Map.class),
          o.get("seed").getAsLong(),
          GSON.fromJson(o.get("inputs"), Map.class),
          GSON.fromJson(o.get("metrics"), Map.class));
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | ClassCastException
        | NullPointerException e) {
      throw new BadDataException("not a provenance record: " + Reasons.of(e), e);
    }
  }
}
