package org.alignment4j.examples.cli.compare;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.core.BadDataException;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.evaluation.PreferenceReport.AnswerScore;
import org.alignment4j.evaluation.PreferenceReport.Omission;
import org.alignment4j.evaluation.PreferenceReport.PairScore;
import org.alignment4j.evaluation.PreferenceReport.Reason;
import org.alignment4j.examples.cli.evaluate.EvaluatePreferences;
import org.alignment4j.examples.cli.output.Json;
import org.alignment4j.examples.cli.output.TextOutput;
import org.alignment4j.examples.cli.tune.MethodName;
import org.alignment4j.examples.cli.tune.PreferenceControl;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * One run of {@code compare preferences}, and its line in the file of runs.
 *
 * @param method name on the command line, or {@link #START}
 * @param control the run's control
 * @param seed the run's seed; 0 for the start model
 * @param fingerprint hash of all that the run's result depends on
 * @param seconds duration of tuning
 * @param resumed whether tuning resumed from a checkpoint; seconds are then those of its training
 *     steps
 * @param peakMib peak memory of the process while tuning, including the model; null if unknown or
 *     resumed
 * @param trainings losses by training, for JSON
 * @param report the report on the held-out pairs
 */
record ComparedRun(
    String method,
    PreferenceControl control,
    long seed,
    String fingerprint,
    double seconds,
    boolean resumed,
    @Nullable Double peakMib,
    Map<String, ?> trainings,
    PreferenceReport report) {
  private static final long MAX_BYTES = 1 << 28;

  /** The model before any tuning. */
  static final String START = "start";

  /** Method and control. */
  String setting() {
    return setting(method, control);
  }

  static String setting(String method, PreferenceControl control) {
    return control == PreferenceControl.NONE ? method : method + ", " + control;
  }

  boolean is(String otherMethod, PreferenceControl otherControl, long otherSeed) {
    return method.equals(otherMethod) && control == otherControl && seed == otherSeed;
  }

  Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("method", method);
    map.put("control", control);
    map.put("seed", seed);
    map.put("fingerprint", fingerprint);
    map.put("seconds", seconds);
    map.put("resumed", resumed);
    map.put("peak_mib", peakMib);
    map.put("trainings", trainings);
    map.put("report", report.toMap());
    return map;
  }

  /** Writes all runs, one per line; the file is complete at any time. */
  static void write(Path file, List<ComparedRun> runs) {
    StringBuilder text = new StringBuilder();
    runs.forEach(r -> text.append(Json.line(r.toMap())).append('\n'));
    TextOutput.write(file, text.toString());
  }

  /**
   * Reads what {@link #write} wrote; none if there is no file.
   *
   * @throws BadDataException naming file and line if it holds something else
   */
  static List<ComparedRun> read(Path file) {
    List<ComparedRun> runs = new ArrayList<>();
    InputFile input = InputFile.data(file);
    if (!input.exists()) {
      return runs;
    }
    try {
      for (String line : input.text(MAX_BYTES).lines().toList()) {
        runs.add(of(StrictJson.object(line)));
      }
      return runs;
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | ClassCastException
        | NullPointerException e) {
      throw new BadDataException(
          file + ", line " + (runs.size() + 1) + ": expected a run of compare preferences", e);
    }
  }

  private static ComparedRun of(JsonObject o) {
    JsonElement peak = o.get("peak_mib");
    String method = o.get("method").getAsString();
    if (!method.equals(START)) {
      MethodName.parse(method);
    }
    return new ComparedRun(
        method,
        PreferenceControl.parse(o.get("control").getAsString()),
        o.get("seed").getAsLong(),
        o.get("fingerprint").getAsString(),
        o.get("seconds").getAsDouble(),
        o.get("resumed").getAsBoolean(),
        peak.isJsonNull() ? null : peak.getAsDouble(),
        plain(o.getAsJsonObject("trainings")),
        report(o.getAsJsonObject("report")));
  }

  private static PreferenceReport report(JsonObject o) {
    List<PairScore> pairs = new ArrayList<>();
    for (JsonElement e : o.getAsJsonArray("pairs")) {
      JsonObject p = e.getAsJsonObject();
      pairs.add(
          new PairScore(
              p.get("id").getAsString(),
              p.get("prompt").getAsInt(),
              p.get("chosen").getAsDouble(),
              p.get("rejected").getAsDouble(),
              p.get("chosen_tokens").getAsInt(),
              p.get("rejected_tokens").getAsInt(),
              p.get("divergence").getAsDouble()));
    }
    List<AnswerScore> answers = new ArrayList<>();
    for (JsonElement e : o.getAsJsonArray("answers")) {
      JsonObject a = e.getAsJsonObject();
      answers.add(
          new AnswerScore(
              a.get("id").getAsString(),
              a.get("tokens").getAsInt(),
              a.get("at_limit").getAsBoolean(),
              number(a.get("repetition")),
              number(a.get("distinct_1")),
              number(a.get("distinct_2"))));
    }
    List<Omission> omitted = new ArrayList<>();
    for (Reason reason : Reason.values()) {
      for (JsonElement id :
          o.getAsJsonObject("omitted").getAsJsonArray(reason.name().toLowerCase(Locale.ROOT))) {
        omitted.add(new Omission(id.getAsString(), reason));
      }
    }
    return new PreferenceReport(pairs, answers, omitted, EvaluatePreferences.Measuring.bootstrap());
  }

  private static double number(JsonElement e) {
    return e.isJsonNull() ? Double.NaN : e.getAsDouble();
  }

  private static Map<String, ?> plain(JsonObject o) {
    return new LinkedHashMap<>(o.asMap());
  }
}
