package org.alignment4j.rahf;

import java.util.Collections;
import java.util.LinkedHashMap;
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
 * @param trainings losses and metrics of each training by name, in their order, one at least
 */
public record PreferenceTuning(
    LoraAdapter adapter,
    String reason,
    List<Unused> unused,
    Map<String, LoraAdapter> steps,
    Map<String, TrainingResult> trainings)
    implements Tuning<LoraAdapter> {
  /** Copies the collections. */
  public PreferenceTuning {
    unused = List.copyOf(unused);
    steps = Map.copyOf(steps);
    trainings = Collections.unmodifiableMap(new LinkedHashMap<>(trainings));
  }

  /** The last of the trainings. */
  @Override
  public TrainingResult training() {
    return List.copyOf(trainings.values()).get(trainings.size() - 1);
  }
}
