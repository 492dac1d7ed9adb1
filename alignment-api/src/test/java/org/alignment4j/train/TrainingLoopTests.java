package org.alignment4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.ProgressListener.Progress;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.train.TinyObjective.Row;
import org.alignment4j.train.TrainingLoop.Evaluator.Evaluation;
import org.alignment4j.train.TrainingLoop.Objective;
import org.alignment4j.train.TrainingResult.StopReason;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.junit.jupiter.api.Test;

class TrainingLoopTests {
  private static final List<Row> DATA = TinyObjective.data(50);

  private static TrainingSettings.Builder settings() {
    return TrainingSettings.builder()
        .epochs(3)
        .batchSize(8)
        .learningRate(0.01)
        .maxGradientNorm(1)
        .seed(3);
  }

  private static TrainingResult run(TrainingSettings settings, TinyObjective objective) {
    return TrainingLoop.<Row>of(settings).run(DATA, objective, ProgressListener.NONE);
  }

  @Test
  void learns() {
    try (TinyObjective objective = new TinyObjective(false)) {
      TrainingResult result =
          run(settings().epochs(60).schedule(Schedule.cosine()).build(), objective);
      assertEquals(StopReason.COMPLETED, result.stopReason());
      assertEquals(60 * 7, result.steps());
      assertEquals(result.steps(), result.resultStep());
      double first = result.history().get(0).loss();
      assertTrue(result.finalLoss() < 0.3 * first, first + " -> " + result.finalLoss());
      assertEquals(result.steps(), result.history().size());
    }
  }

  @Test
  void microBatchesOfUnequalWeightEqualOneBigBatch() {
    float[][] weights = new float[3][];
    double[] losses = new double[3];
    int[] micro = {8, 3, 1};
    for (int i = 0; i < 3; i++) {
      try (TinyObjective objective = new TinyObjective(false)) {
        TrainingResult result = run(settings().microBatchSize(micro[i]).build(), objective);
        weights[i] = objective.values();
        losses[i] = result.finalLoss();
        assertEquals(2 * losses[i], lastOf(result).metrics().get("double_loss"), 1e-6);
      }
    }
    for (int i = 1; i < 3; i++) {
      assertArrayEquals(weights[0], weights[i], 2e-5f);
      assertEquals(losses[0], losses[i], 1e-5);
    }
  }

  private static TrainingResult.StepRecord lastOf(TrainingResult result) {
    return result.history().get(result.history().size() - 1);
  }

  @Test
  void aStepIsTheMeanGradientsAdamWStep() {
    // AdamW's first step moves every weight by rate x sign of the gradient, less where eps counts.
    try (TinyObjective objective = new TinyObjective(false)) {
      float[] before = objective.values();
      double lossSum;
      double weight;
      List<float[]> gradients = new ArrayList<>();
      try (GradientScope open = GradientScope.open();
          NDManager scope = objective.manager.newSubManager()) {
        assertTrue(open != null);
        Objective.Gradients sums = objective.gradients(DATA, scope, 0);
        lossSum = sums.lossSum();
        weight = sums.weight();
        sums.gradients().forEach(g -> gradients.add(g.toFloatArray()));
      }
      TrainingResult result =
          run(
              settings().steps(1).batchSize(50).maxGradientNorm(Double.MAX_VALUE).build(),
              objective);
      assertEquals(lossSum / weight, result.finalLoss(), 1e-6);
      float[] after = objective.values();
      double norm = 0;
      int at = 0;
      for (float[] gradient : gradients) {
        for (float sum : gradient) {
          double g = sum / weight;
          norm += g * g;
          assertEquals(before[at] - 0.01 * g / (Math.abs(g) + 1e-8), after[at], 1e-6);
          at++;
        }
      }
      assertEquals(Math.sqrt(norm), lastOf(result).gradientNorm(), 1e-5);
      double[] largest = new double[gradients.get(0).length];
      Arrays.setAll(largest, i -> Math.abs(gradients.get(0)[i] / weight));
      Arrays.sort(largest);
      double median = largest[(largest.length - 1) / 2] / 1e-8; // the lower one, as in torch
      assertEquals(median, lastOf(result).medianGradientOverEps(), 1e-4 * median);
    }
  }

  @Test
  void everyEpochSeesEveryRowOnceInAnotherOrder() {
    try (TinyObjective objective = new TinyObjective(false)) {
      run(settings().epochs(2).build(), objective);
      List<Row> seen = objective.seen.stream().flatMap(List::stream).toList();
      assertEquals(100, seen.size());
      assertEquals(new HashSet<>(DATA), new HashSet<>(seen.subList(0, 50)));
      assertEquals(new HashSet<>(DATA), new HashSet<>(seen.subList(50, 100)));
      assertNotEquals(seen.subList(0, 50), seen.subList(50, 100));
      assertNotEquals(DATA, seen.subList(0, 50));
    }
  }

  @Test
  void everyMicroBatchGetsItsOwnSeedAndTheSameInEachRun() {
    List<List<Long>> seeds = new ArrayList<>();
    for (int seed : new int[] {3, 3, 4}) {
      try (TinyObjective objective = new TinyObjective(true)) {
        run(settings().microBatchSize(3).seed(seed).build(), objective);
        assertEquals(objective.seeds.size(), new HashSet<>(objective.seeds).size());
        seeds.add(List.copyOf(objective.seeds));
      }
    }
    assertEquals(seeds.get(0), seeds.get(1));
    assertNotEquals(seeds.get(0), seeds.get(2));
  }

  @Test
  void theBestAcceptableEvaluationIsTheResult() {
    Map<Long, float[]> byStep = new HashMap<>();
    try (TinyObjective objective = new TinyObjective(false)) {
      TrainingResult result =
          TrainingLoop.<Row>builder(settings().evaluateEvery(5).build())
              .evaluator(
                  step -> {
                    byStep.put(step, objective.values());
                    // 15 is higher but not acceptable; 20 and 10 are equal, and 10 was first.
                    double score = step == 15 ? 9 : step == 10 || step == 20 ? 5 : 1;
                    return new Evaluation(score, step != 15, false, Map.of("kl", 0.5));
                  })
              .build()
              .run(DATA, objective, ProgressListener.NONE);
      assertEquals(StopReason.COMPLETED, result.stopReason());
      assertEquals(10, result.resultStep());
      assertEquals(10, result.best().orElseThrow().step());
      assertEquals(21, result.steps());
      assertEquals(
          List.of(5L, 10L, 15L, 20L, 21L),
          result.evaluations().stream().map(TrainingResult.EvaluationRecord::step).toList());
      assertArrayEquals(byStep.get(10L), objective.values());
      assertFalse(Arrays.equals(byStep.get(21L), objective.values()));
    }
  }

  @Test
  void withoutAnAcceptableEvaluationTheStartParametersComeBack() {
    try (TinyObjective objective = new TinyObjective(false)) {
      float[] before = objective.values();
      TrainingResult result =
          TrainingLoop.<Row>builder(settings().evaluateEvery(5).build())
              .evaluator(step -> new Evaluation(step, false, false, Map.of()))
              .build()
              .run(DATA, objective, ProgressListener.NONE);
      assertEquals(StopReason.NO_ACCEPTABLE_CHECKPOINT, result.stopReason());
      assertEquals(0, result.resultStep());
      assertTrue(result.best().isEmpty());
      assertArrayEquals(before, objective.values());
    }
  }

  @Test
  void endsWhenTheEvaluatorSaysSoOrPatienceRunsOut() {
    try (TinyObjective objective = new TinyObjective(false)) {
      TrainingResult result =
          TrainingLoop.<Row>builder(settings().evaluateEvery(2).build())
              .evaluator(step -> new Evaluation(step, true, step == 6, Map.of()))
              .build()
              .run(DATA, objective, ProgressListener.NONE);
      assertEquals(StopReason.EARLY_STOPPED, result.stopReason());
      assertEquals(6, result.steps());
      assertEquals(6, lastOf(result).step());
    }
    try (TinyObjective objective = new TinyObjective(false)) {
      TrainingResult result =
          TrainingLoop.<Row>builder(settings().evaluateEvery(2).patience(3).build())
              .evaluator(step -> Evaluation.of(step <= 4 ? step : 0))
              .build()
              .run(DATA, objective, ProgressListener.NONE);
      assertEquals(StopReason.EARLY_STOPPED, result.stopReason());
      assertEquals(10, result.steps());
      assertEquals(4, result.resultStep());
    }
  }

  /** Lets a training go wrong at its n-th gradient. */
  private static final class Broken implements Objective<Row> {
    private final TinyObjective inner;
    private final int at;
    private final boolean loss;
    private int calls;

    Broken(TinyObjective inner, int at, boolean loss) {
      this.inner = inner;
      this.at = at;
      this.loss = loss;
    }

    @Override
    public NDList parameters() {
      return inner.parameters();
    }

    @Override
    public List<String> parameterNames() {
      return inner.parameterNames();
    }

    @Override
    public Gradients gradients(List<Row> batch, NDManager scope, long stepSeed) {
      Gradients good = inner.gradients(batch, scope, stepSeed);
      if (calls++ < at) {
        return good;
      }
      NDList bad = new NDList(good.gradients());
      bad.set(1, scope.full(bad.get(1).getShape(), loss ? 1 : Float.NaN));
      return new Gradients(loss ? Double.NaN : 1, good.weight(), bad);
    }
  }

  @Test
  void aNanLossNamesTheStepAndLeavesTheParametersFromBeforeIt() {
    float[] afterFive;
    try (TinyObjective objective = new TinyObjective(false)) {
      run(settings().steps(5).build(), objective);
      afterFive = objective.values();
    }
    for (boolean loss : new boolean[] {true, false}) {
      try (TinyObjective objective = new TinyObjective(false)) {
        AlignmentException e =
            assertThrows(
                AlignmentException.class,
                () ->
                    TrainingLoop.<Row>of(settings().build())
                        .run(DATA, new Broken(objective, 5, loss), ProgressListener.NONE));
        assertTrue(e.getMessage().contains("step 6 of 21"), e.getMessage());
        assertTrue(e.getMessage().contains(loss ? "loss is NaN" : "gradient of b1"));
        assertArrayEquals(afterFive, objective.values());
      }
    }
  }

  @Test
  void divergenceWithAnEvaluatorLeavesTheBestParameters() {
    try (TinyObjective objective = new TinyObjective(false)) {
      List<float[]> best = new ArrayList<>();
      AlignmentException e =
          assertThrows(
              AlignmentException.class,
              () ->
                  TrainingLoop.<Row>builder(settings().evaluateEvery(2).build())
                      .evaluator(
                          step -> {
                            best.add(objective.values());
                            return Evaluation.of(-step);
                          })
                      .build()
                      .run(DATA, new Broken(objective, 7, false), ProgressListener.NONE));
      assertTrue(e.getMessage().contains("of the best evaluation, after step 2"), e.getMessage());
      assertEquals(3, best.size());
      assertArrayEquals(best.get(0), objective.values());
    }
  }

  @Test
  void aBatchWithoutWeightIsRefusedByName() {
    List<Row> rows = List.of(new Row(1, 1, 1, 0, 1), new Row(1, 2, 1, 0, 1));
    try (TinyObjective objective = new TinyObjective(false)) {
      BadDataException e =
          assertThrows(
              BadDataException.class,
              () ->
                  TrainingLoop.<Row>of(settings().build())
                      .run(rows, objective, ProgressListener.NONE));
      assertTrue(e.getMessage().contains("step 1"), e.getMessage());
      assertThrows(
          IllegalArgumentException.class,
          () ->
              TrainingLoop.<Row>of(settings().build())
                  .run(List.of(), objective, ProgressListener.NONE));
    }
  }

  @Test
  void progressCarriesLossRateNormAndTheObjectivesMetrics() {
    List<Progress> heard = new ArrayList<>();
    try (TinyObjective objective = new TinyObjective(false)) {
      TrainingResult result =
          TrainingLoop.<Row>builder(
                  settings().schedule(Schedule.linear()).steps(4).evaluateEvery(2).build())
              .task("tune layer 4")
              .evaluator(step -> Evaluation.of(step))
              .build()
              .run(DATA, objective, heard::add);
      assertEquals(6, heard.size());
      assertEquals("tune layer 4", heard.get(0).task());
      assertEquals("tune layer 4: evaluate", heard.get(2).task());
      assertEquals(2.0, heard.get(2).metrics().get("score"));
      assertEquals(4, heard.get(5).done());
      Map<String, Double> metrics = heard.get(1).metrics();
      assertEquals(0.01 * 0.75, metrics.get("learning_rate"), 1e-12);
      assertEquals(result.history().get(1).loss(), metrics.get("loss"));
      assertEquals(result.history().get(1).gradientNorm(), metrics.get("gradient_norm"));
      assertTrue(metrics.get("median_gradient_over_eps") > 1);
      assertTrue(metrics.containsKey("double_loss"));
    }
  }

  @Test
  void aRunLeavesNothingBehindWhateverItsEnd() {
    try (TinyObjective objective = new TinyObjective(false)) {
      run(settings().build(), objective);
      int before = NativeMemory.arrays(objective.manager);
      assertEquals(3, before);
      objective.manager.cap();
      run(settings().microBatchSize(2).build(), objective);
      TrainingLoop.<Row>builder(settings().evaluateEvery(5).build())
          .evaluator(step -> Evaluation.of(1))
          .build()
          .run(DATA, objective, ProgressListener.NONE);
      assertThrows(
          AlignmentException.class,
          () ->
              TrainingLoop.<Row>of(settings().build())
                  .run(DATA, new Broken(objective, 5, true), ProgressListener.NONE));
      assertThrows(
          ArithmeticException.class,
          () ->
              TrainingLoop.<Row>of(settings().build())
                  .run(
                      DATA,
                      objective,
                      p -> {
                        throw new ArithmeticException("from the listener");
                      }));
      assertEquals(before, NativeMemory.arrays(objective.manager));
      GradientScope.open().close(); // the training right was given back
    }
  }

  @Test
  void aSecondTrainingAtOnceIsRefused() {
    try (TinyObjective objective = new TinyObjective(false);
        TinyObjective other = new TinyObjective(false)) {
      objective.onGradients =
          () -> assertThrows(IllegalStateException.class, () -> run(settings().build(), other));
      run(settings().steps(1).build(), objective);
    }
  }

  @Test
  void gradientsThatShareMemoryAreNotScaledTwice() {
    // Autograd may hand out one tensor for two parameters, or one expanded from a single number.
    try (NDManager manager = NDManager.newBaseManager(null, "PyTorch")) {
      NDArray a = manager.create(new float[] {1, 1});
      NDArray b = manager.create(new float[] {1, 1});
      Objective<Integer> objective =
          new Objective<>() {
            @Override
            public NDList parameters() {
              return new NDList(a, b);
            }

            @Override
            public List<String> parameterNames() {
              return List.of("a", "b");
            }

            @Override
            public Gradients gradients(List<Integer> batch, NDManager scope, long stepSeed) {
              NDArray g = scope.create(4f).broadcast(2);
              return new Gradients(1, 2, new NDList(g, g));
            }
          };
      TrainingResult result =
          TrainingLoop.<Integer>of(settings().steps(1).batchSize(2).microBatchSize(1).build())
              .run(List.of(1, 2), objective, ProgressListener.NONE);
      assertEquals(2 * 2, result.history().get(0).gradientNorm(), 1e-6);
    }
  }
}
