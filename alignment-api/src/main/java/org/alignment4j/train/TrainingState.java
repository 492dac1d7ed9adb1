package org.alignment4j.train;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.List;
import java.util.Map;
import org.alignment4j.train.TrainingResult.EvaluationRecord;
import org.alignment4j.train.TrainingResult.StepRecord;
import org.alignment4j.train.TrainingResult.StopReason;
import org.jspecify.annotations.Nullable;

/**
 * The state of a training run between two steps, apart from its tensors.
 *
 * @param identity everything that must match for a checkpoint to be resumed
 * @param step optimizer steps done
 * @param evaluatedAt the step of the last evaluation, 0 if there is none
 * @param last the last step done, null before the first
 * @param best the best acceptable evaluation
 * @param stop why training ended, null while it runs
 */
record TrainingState(
    Map<String, String> identity,
    long step,
    long evaluatedAt,
    @Nullable StepRecord last,
    @Nullable EvaluationRecord best,
    List<EvaluationRecord> evaluations,
    List<StepRecord> history,
    @Nullable StopReason stop,
    double seconds) {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeSpecialFloatingPointValues().create();

  TrainingState {
    identity = Map.copyOf(identity);
    evaluations = List.copyOf(evaluations);
    history = List.copyOf(history);
  }

  String toJson() {
    return GSON.toJson(this);
  }

  /**
   * Parses the output of {@link #toJson}. Uses plain Gson: a loss may be NaN, which is not valid
   * JSON, and a checksum protects the text.
   *
   * @throws RuntimeException of several types if the text is not such a state
   */
  static TrainingState fromJson(String json) {
    return java.util.Objects.requireNonNull(GSON.fromJson(json, TrainingState.class), "no state");
  }
}
