package org.alignment4j.data.synthesis;

import java.util.List;

/**
 * What came of an item. Immutable.
 *
 * @param passed what goes on, possibly nothing
 * @param dropped a reason for each thing that does not, such as "too short"; never a text's words
 * @param <O> what goes on
 */
public record StageResult<O>(List<O> passed, List<String> dropped) {
  /** Copies the lists. */
  public StageResult {
    passed = List.copyOf(passed);
    dropped = List.copyOf(dropped);
  }

  /** One thing goes on. */
  public static <O> StageResult<O> pass(O item) {
    return new StageResult<>(List.of(item), List.of());
  }

  /** Nothing goes on, for a reason. */
  public static <O> StageResult<O> drop(String reason) {
    return new StageResult<>(List.of(), List.of(reason));
  }
}
