package org.alignment4j.evaluation;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The same rate measured before and after a change to a model. Immutable.
 *
 * @param before the rate of the unchanged model
 * @param after the rate of the changed model, on the same prompts
 */
public record BeforeAfter(Rate before, Rate after) {
  /** After minus before, in -1 to 1; NaN if either has no cases. */
  public double change() {
    return after.rate() - before.rate();
  }

  /** This pair as {@code {before, after}}, each {@code {k, n, rate, lo, hi}}; for JSON. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("before", before.toMap());
    map.put("after", after.toMap());
    return Collections.unmodifiableMap(map);
  }
}
