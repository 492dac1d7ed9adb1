package org.alignment4j.actor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.alignment4j.model.TrainableBlock;
import org.alignment4j.tensor.Kernels;
import org.alignment4j.train.Objective;

/**
 * ACTOR's objective over rows of {@link BlockInputs}: 1 - cos(a, t) with t held constant, and the
 * direction computed anew every so many steps (Algorithm 1).
 */
final class ActorObjective implements Objective<Integer> {
  private final TrainableBlock block;
  private final BlockInputs inputs;
  private final List<PromptClass> classes;
  private final double[] weights;
  private final ActorSettings settings;
  private final int[] harmfulAnchors;
  private final int[] benignAnchors;
  private final Kernels kernels;
  private RefusalAxis axis;

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
    this.axis = axis;
    this.settings = settings;
    this.kernels = kernels;
    this.weights = weights(classes, settings.weights());
    this.harmfulAnchors = anchors(PromptClass.HARMFUL);
    this.benignAnchors = anchors(PromptClass.BENIGN);
  }

  /** Weights of mean 1, so that the classes' totals stand as the settings ask. */
  private static double[] weights(List<PromptClass> classes, ActorSettings.ClassWeights wanted) {
    double[] w = new double[classes.size()];
    for (int i = 0; i < w.length; i++) {
      PromptClass c = classes.get(i);
      w[i] = wanted.of(c) / classes.stream().filter(o -> o == c).count();
    }
    double mean = Arrays.stream(w).average().orElseThrow();
    return Arrays.stream(w).map(x -> x / mean).toArray();
  }

  private int[] anchors(PromptClass promptClass) {
    return IntStream.range(0, classes.size())
        .filter(i -> classes.get(i) == promptClass)
        .limit(settings.anchors())
        .toArray();
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
    if (settings.refreshEvery() > 0 && step > 0 && step % settings.refreshEvery() == 0) {
      axis = ActorProbe.axis(activations(harmfulAnchors), activations(benignAnchors));
    }
  }

  /** Activations [N, D] of rows with the block as it is now. */
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
    double[] u = result.get(1).toDoubleArray();
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (int i = 0; i < rows.length; i++) {
      String name = classes.get(rows[i]).safe() ? "u_safe_weighted" : "u_harmful_weighted";
      metrics.merge(name, u[i] * weight[i], Double::sum);
    }
    return new Gradients(
        result.get(0).getDouble(),
        rows.length,
        new NDList(result.subList(2, result.size())),
        metrics);
  }

  @Override
  public Map<String, float[]> state() {
    // float64 as two float32 each, so that a resumed run goes on with the very same direction.
    Map<String, float[]> state = new LinkedHashMap<>();
    state.put("direction", split(axis.direction()));
    state.put("benign_mean", split(axis.benignMean()));
    return state;
  }

  @Override
  public void restore(Map<String, float[]> state) {
    axis = new RefusalAxis(join(state.get("direction")), join(state.get("benign_mean")));
  }

  private static float[] split(double[] values) {
    float[] bits = new float[2 * values.length];
    for (int i = 0; i < values.length; i++) {
      bits[2 * i] = (float) values[i];
      bits[2 * i + 1] = (float) (values[i] - bits[2 * i]);
    }
    return bits;
  }

  private static double[] join(float @org.jspecify.annotations.Nullable [] parts) {
    if (parts == null) {
      throw new IllegalArgumentException("the checkpoint has no direction");
    }
    double[] values = new double[parts.length / 2];
    for (int i = 0; i < values.length; i++) {
      values[i] = (double) parts[2 * i] + parts[2 * i + 1];
    }
    return values;
  }
}
