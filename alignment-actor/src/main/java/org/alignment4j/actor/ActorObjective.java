package org.alignment4j.actor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.model.TrainableBlock;
import org.alignment4j.train.TrainingLoop.Objective;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ACTOR's objective over rows of {@link BlockInputs}: 1 - cos(a, t) with t held constant, and the
 * direction recomputed at regular steps (Algorithm 1). Metrics of a step: u_harmful, u_benign and
 * u_pseudo_harmful, the classes' mean positions, at the last refresh, on the axis from before the
 * tuning, where benign prompts were at 0 and harmful ones at 1.
 */
final class ActorObjective implements Objective<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(ActorObjective.class);

  private final TrainableBlock block;
  private final BlockInputs inputs;
  private final List<PromptClass> classes;
  private final double[] weights;
  private final ActorSettings settings;
  private final Map<PromptClass, int[]> anchors = new EnumMap<>(PromptClass.class);
  private final Kernels kernels;
  private final RefusalAxis first;
  private RefusalAxis axis;

  /** Mean position per class on the first axis at the last refresh; empty without refreshes. */
  private Map<String, Double> axisPositions = Map.of();

  ActorObjective(
      TrainableBlock block,
      BlockInputs inputs,
      List<PromptClass> classes,
      RefusalAxis axis,
      ActorSettings settings,
      Kernels kernels) {
    this.block = block;
    this.inputs = inputs;
    this.classes = classes;
    this.first = axis;
    this.axis = axis;
    this.settings = settings;
    this.kernels = kernels;
    this.weights = weights(classes, settings.weights());
    for (PromptClass c : PromptClass.values()) {
      anchors.put(
          c,
          IntStream.range(0, classes.size())
              .filter(i -> classes.get(i) == c)
              .limit(settings.anchors())
              .toArray());
    }
  }

  /** Weights of mean 1 that give the classes' totals the ratios of the settings. */
  private static double[] weights(List<PromptClass> classes, ActorSettings.ClassWeights wanted) {
    double[] w = new double[classes.size()];
    for (int i = 0; i < w.length; i++) {
      PromptClass c = classes.get(i);
      w[i] = wanted.of(c) / classes.stream().filter(o -> o == c).count();
    }
    double mean = Arrays.stream(w).average().orElseThrow();
    return Arrays.stream(w).map(x -> x / mean).toArray();
  }

  RefusalAxis axis() {
    return axis;
  }

  @Override
  public NDList parameters() {
    return block.parameters();
  }

  @Override
  public List<String> parameterNames() {
    return block.parameterNames();
  }

  @Override
  public void beforeStep(long step, NDManager scope) {
    if (settings.refreshEvery() == 0 || step % settings.refreshEvery() != 0) {
      return;
    }
    Map<PromptClass, float[][]> states = new EnumMap<>(PromptClass.class);
    anchors.forEach((c, rows) -> states.put(c, activations(rows)));
    Map<String, Double> now = new LinkedHashMap<>();
    states.forEach(
        (c, rows) ->
            Arrays.stream(first.us(rows))
                .average()
                .ifPresent(mean -> now.put("u_" + c.name().toLowerCase(Locale.ROOT), mean)));
    axisPositions = now;
    if (step > 0) {
      axis = refreshed(states, step);
    }
    LOG.debug("step {}: {}", step, axisPositions);
  }

  private static RefusalAxis refreshed(Map<PromptClass, float[][]> states, long step) {
    try {
      return ActorProbe.axis(
          Objects.requireNonNull(states.get(PromptClass.HARMFUL)),
          Objects.requireNonNull(states.get(PromptClass.BENIGN)));
    } catch (IllegalArgumentException e) {
      throw new AlignmentException(
          "ACTOR has destroyed the block by step "
              + step
              + ": "
              + e.getMessage()
              + ". A lower learning rate may help",
          e);
    }
  }

  /** Activations [N, D] of rows with the block's current weights. */
  float[][] activations(int[] rows) {
    return inputs.lastTokens(block, rows);
  }

  @Override
  public Gradients gradients(List<Integer> batch, NDManager scope, long stepSeed) {
    int[] rows = batch.stream().mapToInt(Integer::intValue).toArray();
    NDArray a = inputs.lastToken(block, rows, true, scope);
    double[] sign = new double[rows.length];
    double[] weight = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      sign[i] = classes.get(rows[i]).safe() ? -1 : 1;
      weight[i] = weights[rows[i]];
    }
    NDList result =
        kernels
            .call("actor_loss", scope)
            .tensor(a)
            .reals(axis.direction())
            .reals(axis.benignMean())
            .reals(sign)
            .reals(weight)
            .reals(settings.alpha(), settings.target().code)
            .list(block.parameters())
            .train();
    // The loop divides metrics by the number of rows; multiplied here, these stay unchanged.
    Map<String, Double> metrics = new LinkedHashMap<>();
    axisPositions.forEach((name, u) -> metrics.put(name, u * rows.length));
    return new Gradients(
        result.get(0).getDouble(),
        rows.length,
        new NDList(result.subList(2, result.size())),
        metrics);
  }

  @Override
  public Map<String, float[]> state() {
    Map<String, float[]> state = new LinkedHashMap<>();
    state.put("direction", split(axis.direction()));
    state.put("benign_mean", split(axis.benignMean()));
    axisPositions.forEach((name, u) -> state.put(name, split(new double[] {u})));
    return state;
  }

  @Override
  public void restore(Map<String, float[]> state) {
    axis = new RefusalAxis(join(state, "direction"), join(state, "benign_mean"));
    Map<String, Double> then = new LinkedHashMap<>();
    for (String name : state.keySet()) {
      if (name.startsWith("u_")) {
        then.put(name, join(state, name)[0]);
      }
    }
    axisPositions = then;
  }

  /**
   * Splits each float64 into four numbers of 16 bits, so that a resumed run has exactly the same
   * values.
   */
  static float[] split(double[] values) {
    float[] parts = new float[4 * values.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = (Double.doubleToRawLongBits(values[i / 4]) >>> (16 * (i % 4))) & 0xFFFF;
    }
    return parts;
  }

  static double[] join(Map<String, float[]> state, String name) {
    float[] parts = state.get(name);
    if (parts == null || parts.length % 4 != 0) {
      throw new CheckpointException("the checkpoint lacks ACTOR's '" + name + "'");
    }
    double[] values = new double[parts.length / 4];
    for (int i = 0; i < values.length; i++) {
      long bits = 0;
      for (int j = 3; j >= 0; j--) {
        bits = bits << 16 | (long) parts[4 * i + j];
      }
      values[i] = Double.longBitsToDouble(bits);
    }
    return values;
  }
}
