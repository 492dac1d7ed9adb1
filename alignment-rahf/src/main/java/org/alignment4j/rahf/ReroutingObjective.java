package org.alignment4j.rahf;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Capture;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.RahfKernels.ReroutedStates;
import org.alignment4j.train.TrainingLoop.Objective;

/**
 * Representation rerouting (2406.04313, algorithm 1): c_s ReLU(cos(h, h0)) on broken responses plus
 * c_r ||h - h0|| on kept ones, h0 the start model's state of the same token. In step t of T, c_s is
 * alpha (1 - t / 2T) and c_r is alpha t / 2T. Each term is a mean over a sequence's tokens and the
 * layers, then over rows.
 */
final class ReroutingObjective implements Objective<ReroutingRow> {
  private final TrainableLora lora;
  private final Capture broken;
  private final Capture kept;
  private final double alpha;
  private final long steps;
  private final RahfKernels kernels;
  private double progress;

  /**
   * @param broken layers at which states lose their direction
   * @param kept layers at which they stay, the highest of the others among them
   * @param tokens those whose states are read
   * @param steps T
   */
  ReroutingObjective(
      TrainableLora lora,
      List<Layer> broken,
      List<Layer> kept,
      TokenPositions tokens,
      double alpha,
      long steps,
      RahfKernels kernels) {
    this.lora = lora;
    this.broken = new Capture(broken, tokens);
    this.kept = new Capture(kept, tokens);
    this.alpha = alpha;
    this.steps = steps;
    this.kernels = kernels;
  }

  @Override
  public NDList parameters() {
    return lora.parameters();
  }

  @Override
  public List<String> parameterNames() {
    return lora.parameterNames();
  }

  @Override
  public void beforeStep(long step, NDManager scope) {
    // Steps are counted from 1, as in the paper.
    progress = (step + 1) / (2.0 * steps);
  }

  @Override
  public Gradients gradients(List<ReroutingRow> batch, NDManager scope, long stepSeed) {
    NDList found =
        kernels.reroute(
            states(batch, ReroutingRow::broken, broken, stepSeed, scope),
            // Other masks of dropout than those of the broken rows.
            states(batch, ReroutingRow::kept, kept, ~stepSeed, scope),
            alpha * (1 - progress),
            alpha * progress,
            lora.parameters(),
            scope);
    return new Gradients(
        found.get(0).getFloat(),
        batch.size(),
        new NDList(found.subList(4, found.size())),
        Map.of(
            "cosine", (double) found.get(1).getFloat(),
            "aligned", (double) found.get(2).getFloat(),
            "distance", (double) found.get(3).getFloat()));
  }

  private ReroutedStates states(
      List<ReroutingRow> batch,
      Function<ReroutingRow, Encoded> side,
      Capture what,
      long seed,
      NDManager scope) {
    List<Encoded> sequences = batch.stream().map(side).toList();
    double[] weights =
        sequences.stream()
            .mapToInt(e -> what.positions().resolve(e.ids().length, e.responseStart()).length)
            .flatMap(n -> IntStream.generate(() -> n).limit(n))
            .mapToDouble(n -> 1.0 / (n * what.layers().size()))
            .toArray();
    lora.seed(seed);
    return new ReroutedStates(
        lora.hiddenStates(sequences, what, scope),
        lora.startStates(sequences, what, scope),
        weights);
  }
}
