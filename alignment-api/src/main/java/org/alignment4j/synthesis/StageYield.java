package org.alignment4j.synthesis;

import static org.alignment4j.core.Arguments.require;

import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one stage made of one category's items. Immutable.
 *
 * @param stage the stage's name
 * @param category the category of the source texts
 * @param in items that came in
 * @param out items that went on; more than came in where one item yields several
 * @param dropped items that did not, by reason
 */
public record StageYield(
    String stage, String category, long in, long out, Map<String, Long> dropped)
    implements Serializable {
  /**
   * Copies the map, which is then in the order of its keys.
   *
   * @throws IllegalArgumentException if a number is below 0
   */
  public StageYield {
    require(in >= 0 && out >= 0, "items must be 0 or more, were %s and %s", in, out);
    dropped = Collections.unmodifiableMap(new TreeMap<>(dropped));
    dropped.forEach((reason, n) -> require(n >= 0, "%s: items must be 0 or more", reason));
  }

  /** How many items were dropped, for whatever reason. */
  public long droppedInAll() {
    return dropped.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * This and another account of the same stage and category, added up.
   *
   * @throws IllegalArgumentException if stage or category differ
   */
  public StageYield plus(StageYield other) {
    require(
        stage.equals(other.stage) && category.equals(other.category),
        "%s/%s cannot be added to %s/%s",
        other.stage,
        other.category,
        stage,
        category);
    Map<String, Long> sum = new TreeMap<>(dropped);
    other.dropped.forEach((reason, n) -> sum.merge(reason, n, Long::sum));
    return new StageYield(stage, category, in + other.in, out + other.out, sum);
  }
}
