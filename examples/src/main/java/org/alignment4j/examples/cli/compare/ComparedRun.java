package org.alignment4j.examples.cli.compare;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.evaluation.PreferenceReport;
import org.alignment4j.evaluation.PreferenceReport.AnswerScore;
import org.alignment4j.evaluation.PreferenceReport.Omission;
import org.alignment4j.evaluation.PreferenceReport.PairScore;
import org.alignment4j.evaluation.PreferenceReport.Reason;
import org.alignment4j.evaluation.WinRate;
import org.alignment4j.examples.cli.evaluate.EvaluatePreferences;
import org.alignment4j.examples.cli.output.RunFile;
import org.alignment4j.examples.cli.tune.MethodName;
import org.alignment4j.examples.cli.tune.PreferenceControl;
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
 * @param peakMib peak memory of the process while tuning, including the model, and a judge if there
 *     is one; null if unknown or resumed
 * @param trainings losses by training, for JSON
 * @param report the report on the held-out pairs
 * @param winRate against the start model's responses; null without a judge, and of the start model
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
    PreferenceReport report,
    @Nullable WinRate winRate) {
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
    map.put("win_rate", winRate == null ? null : winRate.toMap());
    return map;
  }

  /** Writes all runs, one per line; the file is complete at any time. */
  static void write(Path file, List<ComparedRun> runs) {
    RunFile.write(file, runs.stream().map(ComparedRun::toMap).toList());
  }

  /**
   * Reads what {@link #write} wrote; none if there is no file.
   *
   * @throws org.alignment4j.core.BadDataException naming file and line if it holds something else
   */
  static List<ComparedRun> read(Path file) {
    return RunFile.read(file, "compare preferences", ComparedRun::of);
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
        report(o.getAsJsonObject("report")),
        winRate(o.get("win_rate")));
  }

  private static @Nullable WinRate winRate(@Nullable JsonElement e) {
    if (e == null || e.isJsonNull()) {
      return null;
    }
    List<WinRate.Comparison> comparisons = new ArrayList<>();
    for (JsonElement each : e.getAsJsonObject().getAsJsonArray("comparisons")) {
      JsonObject c = each.getAsJsonObject();
      comparisons.add(
          new WinRate.Comparison(
              c.get("prompt").getAsInt(),
              c.get("shown_first").getAsDouble(),
              c.get("shown_second").getAsDouble()));
    }
    List<Integer> unjudged = new ArrayList<>();
    for (JsonElement i : e.getAsJsonObject().getAsJsonArray("unjudged")) {
      unjudged.add(i.getAsInt());
    }
    return new WinRate(comparisons, unjudged, EvaluatePreferences.Measuring.bootstrap());
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
