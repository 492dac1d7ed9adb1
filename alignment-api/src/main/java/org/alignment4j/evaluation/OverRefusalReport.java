package org.alignment4j.evaluation;

import static org.alignment4j.core.Arguments.require;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.alignment4j.analysis.PairedProportions;
import org.jspecify.annotations.Nullable;

/**
 * What tuning against over-refusal changed. Immutable.
 *
 * @param overRefusal refusal of safe prompts: lower is better
 * @param harmfulRefusal refusal of harmful prompts: must not fall
 * @param seconds wall-clock time of the run, s
 */
public record OverRefusalReport(
    BeforeAfter overRefusal, BeforeAfter harmfulRefusal, double seconds) {

  /**
   * @throws IllegalArgumentException if {@code seconds} is negative or not finite
   */
  public OverRefusalReport {
    require(seconds >= 0 && Double.isFinite(seconds), "seconds must be >= 0, was %s", seconds);
  }

  /**
   * The report of verdicts on the same prompts, in the same order, before and after. Over-refusal
   * counts everything but full compliance, so that silence does not pass for help.
   *
   * @throws IllegalArgumentException if before and after differ in number
   */
  public static OverRefusalReport of(
      List<RefusalVerdict> safeBefore,
      List<RefusalVerdict> safeAfter,
      List<RefusalVerdict> harmfulBefore,
      List<RefusalVerdict> harmfulAfter,
      double seconds) {
    Predicate<RefusalVerdict> unhelpful = v -> v != RefusalVerdict.FULL_COMPLIANCE;
    return new OverRefusalReport(
        pair(safeBefore, safeAfter, unhelpful),
        pair(harmfulBefore, harmfulAfter, RefusalVerdict::isRefusal),
        seconds);
  }

  private static BeforeAfter pair(
      List<RefusalVerdict> before, List<RefusalVerdict> after, Predicate<RefusalVerdict> which) {
    return BeforeAfter.of(PairedProportions.of(flags(before, which), flags(after, which)));
  }

  private static boolean[] flags(List<RefusalVerdict> verdicts, Predicate<RefusalVerdict> which) {
    boolean[] flags = new boolean[verdicts.size()];
    for (int i = 0; i < flags.length; i++) {
      flags[i] = which.test(verdicts.get(i));
    }
    return flags;
  }

  /** This report as {@code {over_refusal, harmful_refusal, seconds}}; for JSON. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("over_refusal", overRefusal.toMap());
    map.put("harmful_refusal", harmfulRefusal.toMap());
    map.put("seconds", seconds);
    return Collections.unmodifiableMap(map);
  }

  /**
   * The same rate measured before and after a change to a model. Immutable.
   *
   * @param before the rate of the unchanged model
   * @param after the rate of the changed model, on the same prompts
   * @param paired which prompts changed, with McNemar's test and the interval of the difference;
   *     null if the prompts' own outcomes are not known
   */
  public record BeforeAfter(Rate before, Rate after, @Nullable PairedProportions paired) {
    /**
     * @throws IllegalArgumentException if the pairs are not those of the rates
     */
    public BeforeAfter {
      require(
          paired == null
              || (before.n() == paired.n()
                  && after.n() == paired.n()
                  && before.k() == paired.both() + paired.onlyFirst()
                  && after.k() == paired.both() + paired.onlySecond()),
          "%s and %s are not the rates of %s",
          before,
          after,
          String.valueOf(paired));
    }

    /** Two rates of which no more is known. */
    public BeforeAfter(Rate before, Rate after) {
      this(before, after, null);
    }

    /** The rates of paired outcomes. */
    public static BeforeAfter of(PairedProportions paired) {
      return new BeforeAfter(
          new Rate(paired.both() + paired.onlyFirst(), paired.n()),
          new Rate(paired.both() + paired.onlySecond(), paired.n()),
          paired);
    }

    /** After minus before, in -1 to 1; NaN if either has no cases. */
    public double change() {
      return after.rate() - before.rate();
    }

    /**
     * This pair as {@code {before, after}}, each {@code {k, n, rate, lo, hi}}, and {@code paired}
     * as {@link PairedProportions#toMap} if it is known; for JSON.
     */
    public Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("before", before.toMap());
      map.put("after", after.toMap());
      if (paired != null) {
        map.put("paired", paired.toMap());
      }
      return Collections.unmodifiableMap(map);
    }
  }
}
