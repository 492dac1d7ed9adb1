package org.alignment4j.rahf;

import java.util.List;
import java.util.Map;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.train.TrainingResult;

/**
 * What learning from preferences gave.
 *
 * @param adapter the LoRA
 * @param reason how it ended, in one sentence
 * @param unused pairs that could not be learned from
 * @param steps adapters of step 1 by name: "scit", or "good" and "bad"; empty for other methods
 * @param trainings losses and metrics of each training by name
 */
public record PreferenceTuning(
    LoraAdapter adapter,
    String reason,
    List<Unused> unused,
    Map<String, LoraAdapter> steps,
    Map<String, TrainingResult> trainings)
    implements Tuning {
  /** Copies the collections. */
  public PreferenceTuning {
    unused = List.copyOf(unused);
    steps = Map.copyOf(steps);
    trainings = Map.copyOf(trainings);
  }

  /**
   * A pair that was left out.
   *
   * @param id of the pair
   * @param reason why
   */
  public record Unused(String id, String reason) {}

  /** Always: these methods have no condition that a change must meet. */
  @Override
  public boolean changed() {
    return true;
  }
}
