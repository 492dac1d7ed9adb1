package org.alignment4j.sysformer;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;
import org.alignment4j.train.TrainingLoop.Objective;

/** Loss of the shift of features along DRO's directions (equations 3 to 6 of the paper). */
final class DroObjective implements Objective<DroRow> {
  private final NativeSysformer system;
  private final DroDirections directions;

  DroObjective(NativeSysformer system, DroDirections directions) {
    this.system = system;
    this.directions = directions;
  }

  @Override
  public NDList parameters() {
    return new NDList(system.system());
  }

  @Override
  public List<String> parameterNames() {
    return List.of(Sysformer.SYSTEM);
  }

  @Override
  public Gradients gradients(List<DroRow> batch, NDManager scope, long stepSeed) {
    NDList found = system.shiftLoss(batch, directions, scope);
    float[] parts = found.get(1).toFloatArray();
    return new Gradients(
        found.get(0).getFloat(),
        batch.size(),
        new NDList(found.get(2)),
        Map.of(
            "refusal", (double) parts[0],
            "harmfulness", (double) parts[1],
            "other_dimensions", (double) parts[2]));
  }
}
