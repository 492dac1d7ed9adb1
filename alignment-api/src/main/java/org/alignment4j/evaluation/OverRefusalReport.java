package org.alignment4j.evaluation;

import static org.alignment4j.core.Arguments.require;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
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

  /** This report as {@code {over_refusal, harmful_refusal, seconds}}; for JSON. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("over_refusal", overRefusal.toMap());
    map.put("harmful_refusal", harmfulRefusal.toMap());
    map.put("seconds", seconds);
    return Collections.unmodifiableMap(map);
  }
}
