package org.alignment4j.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;

/**
 * The origin of a synthesised row: its source and the steps that made it (Safer-Instruct, stage 6).
 * Immutable.
 *
 * @param source the collection of the unsafe text
 * @param licence the licence of the unsafe text, an SPDX identifier or expression; empty if unknown
 * @param category the category of the unsafe text
 * @param inducer the inducer of the instruction, such as a model and its method
 * @param seed the item's seed, from which all sampling seeds derive
 * @param judgeScores the judges' scores by criterion; finite
 * @param models the models that were used, by role
 * @param promptTokens prompt tokens of all requests for the row, 0 or more
 * @param completionTokens completion tokens of these requests, 0 or more
 * @param cost the cost of these requests in units of {@code currency}, 0 or more, with at most 30
 *     digits before and after the decimal point
 * @param currency an ISO 4217 code; empty if the cost is 0
 * @param promptHash the hash of the requests' prompts, in order ({@link Builder#addPromptHash}), 64
 *     lower-case hexadecimal digits; empty if there was no request
 */
public record Lineage(
    String source,
    String licence,
    String category,
    String inducer,
    long seed,
    Map<String, Double> judgeScores,
    Map<String, String> models,
    long promptTokens,
    long completionTokens,
    BigDecimal cost,
    String currency,
    String promptHash)
    implements Serializable {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().setStrictness(Strictness.STRICT).create();

  /**
   * Creates a lineage; the maps are copied and sorted by key.
   *
   * @throws IllegalArgumentException if a value is out of range
   */
  public Lineage {
    require(
        promptTokens >= 0 && completionTokens >= 0,
        "tokens must be 0 or more, were %d and %d",
        promptTokens,
        completionTokens);
    require(cost.signum() >= 0, "the cost must be 0 or more, was %s", cost);
    // Longer numbers cannot be read back from JSON.
    require(
        cost.precision() - cost.scale() <= 30 && cost.scale() <= 30 && cost.scale() >= -30,
        "the cost has more than 30 digits before or after the point");
    require(
        currency.matches("[A-Z]{3}") || (currency.isEmpty() && cost.signum() == 0),
        "expected three capital letters as currency, found '%s'",
        currency);
    require(
        promptHash.matches("([0-9a-f]{64})?"),
        "expected 64 hexadecimal digits as prompt hash, found '%s'",
        promptHash);
    judgeScores = Collections.unmodifiableMap(new TreeMap<>(judgeScores));
    judgeScores.forEach(
        (criterion, score) ->
            require(Double.isFinite(score), "score %s must be finite, was %s", criterion, score));
    models = Collections.unmodifiableMap(new TreeMap<>(models));
  }

  /** Returns a builder with the source text's values; the others are empty or 0. */
  public static Builder of(SourceText text) {
    return new Builder(text.source(), text.licence(), text.category());
  }

  /** Returns a builder with this lineage's values, so that a later step can add to it. */
  public Builder toBuilder() {
    Builder builder = new Builder(source, licence, category);
    builder.inducer = inducer;
    builder.seed = seed;
    builder.judgeScores.putAll(judgeScores);
    builder.models.putAll(models);
    builder.promptTokens = promptTokens;
    builder.completionTokens = completionTokens;
    builder.cost = cost;
    builder.currency = currency;
    builder.promptHash = promptHash;
    return builder;
  }

  /** Returns one line of JSON, which {@link #fromJson} reads back as an equal value. */
  public String toJson() {
    JsonObject o = new JsonObject();
    o.addProperty("source", source);
    o.addProperty("licence", licence);
    o.addProperty("category", category);
    o.addProperty("inducer", inducer);
    o.addProperty("seed", seed);
    JsonObject scores = new JsonObject();
    judgeScores.forEach(scores::addProperty);
    o.add("judge_scores", scores);
    JsonObject names = new JsonObject();
    models.forEach(names::addProperty);
    o.add("models", names);
    o.addProperty("prompt_tokens", promptTokens);
    o.addProperty("completion_tokens", completionTokens);
    o.addProperty("cost", cost);
    o.addProperty("currency", currency);
    o.addProperty("prompt_hash", promptHash);
    return GSON.toJson(o);
  }

  /**
   * Reads the JSON that {@link #toJson} wrote; unknown keys are ignored.
   *
   * @throws BadDataException if a value is missing or of another type; the message names its key
   */
  public static Lineage fromJson(String json) {
    try {
      JsonObject o = StrictJson.object(json);
      return new Lineage(
          text(o, "source"),
          text(o, "licence"),
          text(o, "category"),
          text(o, "inducer"),
          whole(o, "seed"),
          map(o, "judge_scores", value -> number(value).doubleValue()),
          map(o, "models", Lineage::string),
          whole(o, "prompt_tokens"),
          whole(o, "completion_tokens"),
          value(o, "cost", Lineage::number),
          text(o, "currency"),
          text(o, "prompt_hash"));
    } catch (JsonParseException | IllegalArgumentException e) {
      throw new BadDataException("lineage: " + Reasons.of(e), e);
    }
  }

  private static String text(JsonObject o, String key) {
    return value(o, key, Lineage::string);
  }

  private static String string(JsonPrimitive value) {
    if (!value.isString()) {
      throw new IllegalArgumentException("expected text, found something else");
    }
    return value.getAsString();
  }

  private static long whole(JsonObject o, String key) {
    try {
      return value(o, key, Lineage::number).longValueExact();
    } catch (ArithmeticException e) {
      throw new BadDataException(
          "lineage: expected a whole number of 64 bits for " + key + ", found another", e);
    }
  }

  private static BigDecimal number(JsonPrimitive value) {
    if (!value.isNumber()) {
      throw new IllegalArgumentException("expected a number, found something else");
    }
    return value.getAsBigDecimal();
  }

  private static <T> T value(JsonObject o, String key, Function<JsonPrimitive, T> reader) {
    JsonElement value = o.get(key);
    if (value == null || !value.isJsonPrimitive()) {
      throw new BadDataException(
          "lineage: expected a value for " + key + ", found " + (value == null ? "none" : "more"));
    }
    try {
      return reader.apply(value.getAsJsonPrimitive());
    } catch (IllegalArgumentException e) {
      throw new BadDataException("lineage: " + key + ": " + Reasons.of(e), e);
    }
  }

  private static <T> Map<String, T> map(
      JsonObject o, String key, Function<JsonPrimitive, T> reader) {
    JsonElement element = o.get(key);
    if (element == null || !element.isJsonObject()) {
      throw new BadDataException("lineage: expected an object for " + key);
    }
    JsonObject entries = element.getAsJsonObject();
    Map<String, T> map = new TreeMap<>();
    for (String entry : entries.keySet()) {
      map.put(entry, value(entries, entry, reader));
    }
    return map;
  }

  /** Builder of a {@link Lineage}. Not thread-safe. */
  public static final class Builder {
    private final String source;
    private final String licence;
    private final String category;
    private String inducer = "";
    private long seed;
    private final Map<String, Double> judgeScores = new TreeMap<>();
    private final Map<String, String> models = new TreeMap<>();
    private long promptTokens;
    private long completionTokens;
    private BigDecimal cost = BigDecimal.ZERO;
    private String currency = "";
    private String promptHash = "";

    private Builder(String source, String licence, String category) {
      this.source = source;
      this.licence = licence;
      this.category = category;
    }

    /** Sets the inducer of the instruction. */
    public Builder inducer(String newInducer) {
      inducer = newInducer;
      return this;
    }

    /** Sets the item's seed. */
    public Builder seed(long newSeed) {
      seed = newSeed;
      return this;
    }

    /** Sets a judge's score for a criterion. */
    public Builder judgeScore(String criterion, double score) {
      judgeScores.put(criterion, score);
      return this;
    }

    /** Sets the model of a role, such as expert or judge. */
    public Builder model(String role, String name) {
      models.put(role, name);
      return this;
    }

    /** Adds the tokens of a request. */
    public Builder addTokens(long prompt, long completion) {
      promptTokens = Math.addExact(promptTokens, prompt);
      completionTokens = Math.addExact(completionTokens, completion);
      return this;
    }

    /**
     * Adds the cost of a request.
     *
     * @throws IllegalArgumentException if costs in another currency were added before
     */
    public Builder addCost(BigDecimal amount, String newCurrency) {
      require(
          currency.isEmpty() || currency.equals(newCurrency),
          "costs in %s cannot be added to costs in %s",
          newCurrency,
          currency);
      cost = cost.add(amount);
      currency = newCurrency;
      return this;
    }

    /**
     * Adds the hash of a request's prompt: the first is kept as it is; each further one is hashed
     * together with the hash so far.
     *
     * @param sha256 of the prompt's messages, 64 lower-case hexadecimal digits
     */
    public Builder addPromptHash(String sha256) {
      promptHash = promptHash.isEmpty() ? sha256 : Hashes.sha256(List.of(promptHash, sha256));
      return this;
    }

    /**
     * Returns the lineage with the current values.
     *
     * @throws IllegalArgumentException if a value is out of range
     */
    public Lineage build() {
      return new Lineage(
          source,
          licence,
          category,
          inducer,
          seed,
          judgeScores,
          models,
          promptTokens,
          completionTokens,
          cost,
          currency,
          promptHash);
    }
  }
}
