package org.alignment4j.evaluation;

import static org.alignment4j.core.Arguments.require;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.analysis.PairedProportions;
import org.jspecify.annotations.Nullable;

/**
 * The same rate measured before and after a change to a model. Immutable.
 *
 * @param before the rate of the unchanged model
 * @param after the rate of the changed model, on the same prompts
 * @param paired which prompts changed, with McNemar's test and the interval of the difference; null
 *     if the prompts' own outcomes are not known
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
   * This pair as {@code {before, after}}, each {@code {k, n, rate, lo, hi}}, and {@code paired} as
   * {@link PairedProportions#toMap} if it is known; for JSON.
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
