package org.alignment4j.actor;

import java.util.List;
import java.util.Optional;
import org.alignment4j.Tuning;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.evaluation.OverRefusalReport;
import org.alignment4j.train.TrainingResult;

/**
 * What ACTOR did.
 *
 * @param adapter the tuned block; the base's own weights unless the outcome is {@code CHANGED}
 * @param outcome whether a state of the block met the gate's conditions; {@code NOTHING_TO_DO} if
 *     the model refuses none of the gate's safe prompts, so that nothing was tried
 * @param reason why the tuning ended as it did
 * @param report refusals on the gate's prompts, before and after; zero prompts without a gate
 * @param layerScores how every layer fared before tuning; empty if nothing was tried
 * @param probe how far the direction can be trusted; empty if nothing was tried or the direction
 *     was given
 * @param training steps, losses, and the gate's measurements along the way
 */
public record ActorTuning(
    TunedBlock adapter,
    Outcome outcome,
    String reason,
    OverRefusalReport report,
    List<LayerScore> layerScores,
    Optional<ProbeReport> probe,
    TrainingResult training)
    implements Tuning<TunedBlock> {
  /** Copies the list. */
  public ActorTuning {
    layerScores = List.copyOf(layerScores);
  }
}
