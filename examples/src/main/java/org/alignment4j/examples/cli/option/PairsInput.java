package org.alignment4j.examples.cli.option;

import static org.alignment4j.core.Arguments.require;

import ai.djl.Device;
import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.alignment4j.data.PreferenceSet;
import org.alignment4j.data.Preferences;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.tune.PreferencePair;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A model and a preference file, which the commands on preferences work on. */
public final class PairsInput {
  /** Skipped rows that people are shown; the JSON has all. */
  private static final int SHOWN = 3;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "Hugging Face checkpoint folder of the model to start from")
  @OnDisk(OnDisk.Place.MODEL)
  private Path model = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "PAIRS",
      description = "preference file: JSON Lines, JSON or CSV, plain or gzip")
  @OnDisk(OnDisk.Place.FILE)
  private Path pairs = Path.of("");

  @Mixin private PrecisionOption precision = new PrecisionOption();
  @Mixin private ThreadOptions threads = new ThreadOptions();

  /** Reads the file; before the model, which takes longer. */
  public PreferenceSet read() {
    return Preferences.read(pairs);
  }

  public Path model() {
    return model;
  }

  Path pairs() {
    return pairs;
  }

  /** Runs {@code work} with the model and closes it. */
  public <R> R use(Function<LanguageModel, R> work) {
    threads.apply();
    try (LanguageModel m = open(model)) {
      return work.apply(m);
    }
  }

  /** Another model in the same precision; close it. */
  public LanguageModel open(Path folder) {
    return LanguageModel.load(folder, Device.cpu(), precision.get());
  }

  /**
   * Some of the pairs that were read, in the file's order.
   *
   * @param skip so many are left out, the first
   * @param most so many are taken; 0 for all
   */
  public List<PreferencePair> some(PreferenceSet set, int skip, int most) {
    require(skip >= 0 && most >= 0, "numbers of pairs must be >= 0, were %s and %s", skip, most);
    int n = set.pairs().size();
    require(skip < n, "%s has %s pairs, none behind the first %s", pairs, n, skip);
    return set.pairs().subList(skip, most == 0 ? n : (int) Math.min(n, (long) skip + most));
  }

  /** What was read, for JSON. */
  public Map<String, Object> json(PreferenceSet set) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("file", pairs);
    json.put("rows", set.rows());
    json.put("pairs", set.pairs().size());
    List<Map<String, Object>> skipped = new ArrayList<>();
    for (PreferenceSet.Skipped s : set.skipped()) {
      skipped.add(ImmutableMap.of("row", s.row(), "reason", s.reason()));
    }
    json.put("skipped", skipped);
    return json;
  }

  /** What was read, for people. */
  public static String text(PreferenceSet set) {
    return String.format("%d rows read, %d of them pairs", set.rows(), set.pairs().size())
        + listed(
            "skipped",
            set.skipped().stream().map(s -> "row " + s.row() + ": " + s.reason()).toList());
  }

  /** The first few of a list of reasons, a line each, the rest counted; empty if there is none. */
  public static String listed(String what, List<String> reasons) {
    if (reasons.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder("\n" + reasons.size() + " " + what + ":");
    reasons.stream().limit(SHOWN).forEach(r -> text.append("\n  ").append(r));
    if (reasons.size() > SHOWN) {
      text.append("\n  and ").append(reasons.size() - SHOWN).append(" more");
    }
    return text.toString();
  }
}
