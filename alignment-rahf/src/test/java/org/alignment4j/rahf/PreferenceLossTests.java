package org.alignment4j.rahf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.FitLoss;
import org.alignment4j.rahf.RahfKernels.ReroutedStates;
import org.alignment4j.train.TrainingLoop.Objective;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The losses against what they say on paper, computed in Java from the model's logits. */
@SuppressWarnings("try")
class PreferenceLossTests {
  private static final Encoded ONE = new Encoded(new int[] {5, 9, 11, 40, 41}, 3);
  private static final Encoded LONGER = new Encoded(new int[] {7, 7, 8, 9, 11, 40, 41}, 5);
  private static final Encoded TWO = new Encoded(new int[] {5, 9, 11, 60, 61, 62}, 3);
  private static final Encoded TWO_LONGER = new Encoded(new int[] {7, 7, 8, 9, 11, 60, 61, 62}, 5);

  @TempDir static Path folder;
  private static LanguageModel model;
  private static RahfKernels kernels;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(StyleTask.writeRandom(folder));
    kernels = new RahfKernels(model.device());
  }

  @AfterAll
  static void close() {
    kernels.close();
    model.close();
  }

  private static LoraAdapter start(List<Layer> layers) {
    return TrainableLora.initial(
        model, new TrainableLora.Shape(2, 4, List.of("q_proj", "v_proj")), layers, 3);
  }

  /** The token at p is predicted by the logits behind the tokens before it. */
  private static double logProbability(Encoded e) {
    double sum = 0;
    int[] ids = e.ids();
    for (int p = e.responseStart(); p < ids.length; p++) {
      float[] logits = model.nextTokenLogitsIds(List.of(Arrays.copyOf(ids, p)))[0];
      double whole = 0;
      for (float f : logits) {
        whole += Math.exp(f);
      }
      sum += logits[ids[p]] - Math.log(whole);
    }
    return sum;
  }

  private static double softplus(double x) {
    return Math.log1p(Math.exp(x));
  }

  @Test
  void scitIsShiftedAlignedByOffsetAndMeantOverTheResponse() {
    double own = logProbability(ONE) / 2;
    double other = logProbability(LONGER) / 2;
    double own2 = logProbability(TWO_LONGER) / 3;
    double other2 = logProbability(TWO) / 3;
    double expected =
        -own
            - own2
            + 1.5 * (0.8 * softplus(other - own) + 0.2 * softplus(own - other))
            + 1.5 * (0.8 * softplus(other2 - own2) + 0.2 * softplus(own2 - other2));
    List<ScitRow> rows = List.of(new ScitRow(ONE, LONGER), new ScitRow(TWO_LONGER, TWO));
    try (GradientScope scope = GradientScope.open();
        TrainableLora lora = new TrainableLora(model, start(List.of(new Layer(1))));
        NDManager manager = NDManager.newBaseManager(model.device(), "PyTorch")) {
      Objective.Gradients found =
          new ScitObjective(lora, 1.5, 0.2, kernels).gradients(rows, manager, 1);
      assertEquals(expected, found.lossSum(), 1e-4);
      assertEquals(2, found.weight());
      assertEquals(
          own + own2, found.metrics().getOrDefault("own_log_probability", Double.NaN), 1e-4);
    }
  }

  @Test
  void dpoIsTheSigmoidOfTheDifferenceOfRewards() {
    DpoRow row = new DpoRow(ONE, TWO, -3, -7.5);
    double chosen = 0.1 * (logProbability(ONE) + 3);
    double rejected = 0.1 * (logProbability(TWO) + 7.5);
    try (GradientScope scope = GradientScope.open();
        TrainableLora lora = new TrainableLora(model, start(List.of(new Layer(1))));
        NDManager manager = NDManager.newBaseManager(model.device(), "PyTorch")) {
      Objective.Gradients found =
          new DpoObjective(lora, 0.1, kernels).gradients(List.of(row), manager, 1);
      assertEquals(softplus(rejected - chosen), found.lossSum(), 1e-5);
      assertEquals(
          chosen - rejected, found.metrics().getOrDefault("reward_margin", Double.NaN), 1e-5);
    }
  }

  @Test
  void theFitIsTheSumOfDistancesAndARowThatFitsHasNoGradientAndNoNan() {
    try (GradientScope scope = GradientScope.open();
        NDManager manager = NDManager.newBaseManager(model.device(), "PyTorch")) {
      NDArray x = manager.create(new float[] {1, 2, 3, 7, 0, 4}, new Shape(3, 2));
      x.setRequiresGradient(true);
      NDArray y = manager.create(new float[] {1, 2, 0, 3, 0, 4}, new Shape(3, 2));
      for (FitLoss form : FitLoss.values()) {
        NDList found =
            kernels.fit(new NDList(x.mul(1)), new NDList(y), form, new NDList(x), manager);
        boolean squared = form == FitLoss.SQUARED;
        assertEquals(squared ? 25 : 5, found.get(0).getFloat(), 1e-6);
        assertArrayEquals(
            squared ? new float[] {0, 0, 6, 8, 0, 0} : new float[] {0, 0, 0.6f, 0.8f, 0, 0},
            found.get(1).toFloatArray(),
            1e-6f);
      }
    }
  }

  @Test
  void reroutingLeavesOpposedStatesAndThoseThatDidNotMoveAlone() {
    try (GradientScope scope = GradientScope.open();
        NDManager manager = NDManager.newBaseManager(model.device(), "PyTorch")) {
      NDArray x = manager.create(new float[] {1, 0, -1, 0.1f, 0, 2}, new Shape(3, 2));
      NDArray start = manager.create(new float[] {1, 1, 1, 0, 1, 0}, new Shape(3, 2));
      NDArray y = manager.create(new float[] {1, 2, 3, 7}, new Shape(2, 2));
      NDArray stays = manager.create(new float[] {1, 2, 0, 3}, new Shape(2, 2));
      x.setRequiresGradient(true);
      y.setRequiresGradient(true);
      NDList found =
          kernels.reroute(
              new ReroutedStates(new NDList(x.mul(1)), new NDList(start), new double[] {0.5, 1, 2}),
              new ReroutedStates(new NDList(y.mul(1)), new NDList(stays), new double[] {1, 0.25}),
              3,
              2,
              new NDList(x, y),
              manager);
      double aligned = 0.5 / Math.sqrt(2);
      double opposed = -1 / Math.sqrt(1.01);
      assertEquals(3 * aligned + 2 * 0.25 * 5, found.get(0).getFloat(), 1e-6);
      assertEquals(aligned + opposed, found.get(1).getFloat(), 1e-6);
      assertEquals(aligned, found.get(2).getFloat(), 1e-6);
      assertEquals(0.25 * 5, found.get(3).getFloat(), 1e-6);
      // cos((1, 0), (1, 1)) grows only along (0, 1), by 1 over the root of 2.
      float along = (float) (3 * 0.5 / Math.sqrt(2));
      assertArrayEquals(new float[] {0, along, 0, 0, 0, 0}, found.get(4).toFloatArray(), 1e-6f);
      assertArrayEquals(
          new float[] {0, 0, 2 * 0.25f * 0.6f, 2 * 0.25f * 0.8f},
          found.get(5).toFloatArray(),
          1e-6f);
    }
  }

  @Test
  void exchangingTheConditionsNegatesTheDifference() {
    List<FitRow> rows =
        List.of(new FitRow(0, ONE, LONGER, ONE), new FitRow(1, TWO, TWO_LONGER, TWO));
    FitCondition base = new FitCondition(model, FitRow::plain);
    FitCondition good = new FitCondition(model, FitRow::good);
    FitCondition bad = new FitCondition(model, FitRow::bad);
    List<Layer> layers = List.of(new Layer(2), new Layer(4));
    List<float[][][]> one =
        new ActivityPatterns(base, good, bad, layers, 2, 1, OptionalLong.empty(), 0)
            .differences(rows);
    List<float[][][]> other =
        new ActivityPatterns(base, bad, good, layers, 2, 1, OptionalLong.empty(), 0)
            .differences(rows);
    double largest = 0;
    for (int i = 0; i < 2; i++) {
      for (int l = 0; l < 2; l++) {
        assertEquals(2, one.get(i)[l].length);
        for (int r = 0; r < 2; r++) {
          for (int k = 0; k < model.config().width(); k++) {
            assertEquals(one.get(i)[l][r][k], -other.get(i)[l][r][k], 0f);
            largest = Math.max(largest, Math.abs(one.get(i)[l][r][k]));
          }
        }
      }
    }
    assertTrue(largest > 0);
  }

  @Test
  void targetsAreTheSameKeptOrComputedAgain() {
    List<FitRow> rows =
        List.of(new FitRow(0, ONE, LONGER, ONE), new FitRow(1, TWO, TWO_LONGER, TWO));
    FitCondition base = new FitCondition(model, FitRow::plain);
    FitCondition good = new FitCondition(model, FitRow::good);
    List<Layer> layers = List.of(new Layer(2), new Layer(4));
    for (OptionalLong random : List.of(OptionalLong.empty(), OptionalLong.of(-1))) {
      ActivityPatterns kept =
          new ActivityPatterns(base, good, base, layers, 9, 3, random, Long.MAX_VALUE);
      ActivityPatterns again = new ActivityPatterns(base, good, base, layers, 9, 3, random, 0);
      for (int i = 0; i < 2; i++) {
        List<float[][][]> a = kept.of(rows);
        List<float[][][]> b = again.of(rows);
        for (int r = 0; r < 2; r++) {
          assertTrue(Arrays.deepEquals(a.get(r), b.get(r)));
        }
      }
    }
  }

  @Test
  void randomDirectionsHaveTheNormsOfTheDifferencesAndAnyOtherDirection() {
    List<FitRow> rows = List.of(new FitRow(0, ONE, LONGER, ONE));
    FitCondition base = new FitCondition(model, FitRow::plain);
    FitCondition good = new FitCondition(model, FitRow::good);
    List<Layer> layers = List.of(new Layer(3));
    float[][] v =
        new ActivityPatterns(base, good, base, layers, 9, 1, OptionalLong.empty(), 0)
            .differences(rows)
            .get(0)[0];
    for (long seed : new long[] {-1, 0, 1}) {
      float[][] random =
          new ActivityPatterns(base, good, base, layers, 9, 1, OptionalLong.of(seed), 0)
              .differences(rows)
              .get(0)[0];
      for (int r = 0; r < v.length; r++) {
        assertEquals(1, norm(random[r]) / norm(v[r]), 1e-5);
        double dot = 0;
        for (int k = 0; k < v[r].length; k++) {
          dot += v[r][k] * random[r][k];
        }
        assertTrue(Math.abs(dot) < 0.8 * norm(v[r]) * norm(random[r]));
      }
    }
  }

  private static double norm(float[] v) {
    double sum = 0;
    for (float f : v) {
      sum += (double) f * f;
    }
    return Math.sqrt(sum);
  }
}
