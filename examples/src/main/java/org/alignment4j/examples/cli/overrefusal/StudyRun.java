package org.alignment4j.examples.cli.overrefusal;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One method on one over-refusing model with one seed, and its line in the file of runs.
 *
 * @param model number of the over-refusing model, from 1
 * @param method name of the method, or {@link #START}
 * @param seed the run's seed; 0 for the over-refuser itself
 * @param fingerprint hash of all that the result depends on
 * @param seconds duration of tuning or fitting, without measuring
 * @param peakMib peak memory of the process while tuning, including the model; null if unknown
 * @param notes what was fitted, in words
 * @param verdicts by set one letter for each prompt: see {@link Answers}
 * @param fluency answers to the everyday prompts
 * @param divergence mean KL(changed || over-refuser) on the over-refuser's answers to everyday
 *     prompts, nats per token; NaN where the model itself is not changed
 * @param perplexity of the changed model's answers to them, under the over-refuser
 */
record StudyRun(
    int model,
    String method,
    long seed,
    String fingerprint,
    double seconds,
    @Nullable Double peakMib,
    String notes,
    Map<String, String> verdicts,
    List<String> fluency,
    double divergence,
    double perplexity) {
  /** The over-refuser itself. */
  static final String START = "start";

  boolean is(int otherModel, String otherMethod, long otherSeed) {
    return model == otherModel && method.equals(otherMethod) && seed == otherSeed;
  }

  Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("model", model);
    map.put("method", method);
    map.put("seed", seed);
    map.put("fingerprint", fingerprint);
    map.put("seconds", seconds);
    map.put("peak_mib", peakMib);
    map.put("notes", notes);
    map.put("verdicts", verdicts);
    map.put("fluency", fluency);
    map.put("divergence", divergence);
    map.put("perplexity", perplexity);
    return map;
  }

  static StudyRun of(JsonObject o) {
    Map<String, String> verdicts = new LinkedHashMap<>();
    o.getAsJsonObject("verdicts")
        .asMap()
        .forEach((name, letters) -> verdicts.put(name, letters.getAsString()));
    List<String> fluency = new ArrayList<>();
    o.getAsJsonArray("fluency").forEach(e -> fluency.add(e.getAsString()));
    JsonElement peak = o.get("peak_mib");
    return new StudyRun(
        o.get("model").getAsInt(),
        o.get("method").getAsString(),
        o.get("seed").getAsLong(),
        o.get("fingerprint").getAsString(),
        o.get("seconds").getAsDouble(),
        peak.isJsonNull() ? null : peak.getAsDouble(),
        o.get("notes").getAsString(),
        verdicts,
        fluency,
        number(o.get("divergence")),
        number(o.get("perplexity")));
  }

  private static double number(JsonElement e) {
    return e.isJsonNull() ? Double.NaN : e.getAsDouble();
  }
}
