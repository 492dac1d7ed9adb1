package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.adapter.TunedBlock.Weight;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Family;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableBlock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The kernel and what is around it, beside the float64 formulas; hazards by their numbers. */
class ActorObjectiveTests {
  private static final Layer LAYER = new Layer(2);
  private static final List<int[]> SEQUENCES = RandomModel.sequences(14);
  private static final List<PromptClass> CLASSES = new ArrayList<>();
  private static final Map<String, List<String>> PARTS =
      Map.of(
          "input_layernorm", List.of("input_layernorm.weight"),
          "qkv_proj",
              List.of(
                  "self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"),
          "qkv_bias",
              List.of("self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias"),
          "o_proj", List.of("self_attn.o_proj.weight"),
          "post_attention_layernorm", List.of("post_attention_layernorm.weight"),
          "gate_up_proj", List.of("mlp.gate_proj.weight", "mlp.up_proj.weight"),
          "down_proj", List.of("mlp.down_proj.weight"));

  @TempDir static Path folder;
  private static LanguageModel model;
  private static RefusalAxis axis;

  @BeforeAll
  static void load() {
    model =
        LanguageModel.load(
            RandomModel.write(folder.resolve("m"), Family.QWEN2, StorageType.F32, 9));
    for (int i = 0; i < SEQUENCES.size(); i++) {
      // 10 harmful, 3 benign, 1 pseudo-harmful
      CLASSES.add(
          i == 13
              ? PromptClass.PSEUDO_HARMFUL
              : i % 4 == 1 ? PromptClass.BENIGN : PromptClass.HARMFUL);
    }
    axis = axisOf(CLASSES);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static float[][] activations(LanguageModel some) {
    return some.captureIds(
            SEQUENCES.stream().map(s -> new Encoded(s, s.length)).toList(),
            Capture.lastPrompt(LAYER))
        .at(LAYER);
  }

  private static RefusalAxis axisOf(List<PromptClass> classes) {
    float[][] all = activations(model);
    return ActorProbe.axis(
        rows(all, classes, PromptClass.HARMFUL), rows(all, classes, PromptClass.BENIGN));
  }

  private static float[][] rows(float[][] all, List<PromptClass> classes, PromptClass wanted) {
    return IntStream.range(0, all.length)
        .filter(i -> classes.get(i) == wanted)
        .mapToObj(i -> all[i])
        .toArray(float[][]::new);
  }

  private static double[] doubles(float[] row) {
    return IntStream.range(0, row.length).mapToDouble(i -> row[i]).toArray();
  }

  private static ActorSettings.Builder<ActorTuner> settings(
      ActorSettings.Target target, double alpha) {
    return ActorTuner.builder()
        .classWeights(1, 1, 1)
        .noGate()
        .target(target)
        .alpha(alpha)
        .layer(LAYER);
  }

  /** What a call of the objective gave, in Java. */
  private record Result(
      double loss, List<float[]> gradients, List<String> names, Map<String, Double> metrics) {
    double norm() {
      double sum = 0;
      for (float[] g : gradients) {
        sum += CosineLoss.dot(doubles(g), doubles(g));
      }
      return Math.sqrt(sum);
    }

    double cosine(Result other) {
      double dot = 0;
      for (int i = 0; i < gradients.size(); i++) {
        dot += CosineLoss.dot(doubles(gradients.get(i)), doubles(other.gradients.get(i)));
      }
      return dot / norm() / other.norm();
    }
  }

  private static Result gradients(
      ActorSettings.Builder<ActorTuner> builder,
      List<PromptClass> classes,
      RefusalAxis on,
      int... rows) {
    ActorSettings settings = builder.build().settings();
    try (TrainableBlock block = TrainableBlock.of(model, LAYER);
        BlockInputs inputs =
            new BlockInputs(model, SEQUENCES, LAYER, settings, ProgressListener.NONE);
        Kernels kernels =
            Kernels.named("actor").source(ActorTuner.class, "actor.torchscript").compile(cpu());
        NDManager scope = block.newScope();
        GradientScope open = GradientScope.open()) {
      assertTrue(open != null);
      ActorObjective objective = new ActorObjective(block, inputs, classes, on, settings, kernels);
      var result = objective.gradients(Arrays.stream(rows).boxed().toList(), scope, 0);
      assertEquals(rows.length, result.weight());
      List<float[]> gradients = new ArrayList<>();
      for (NDArray g : result.gradients()) {
        gradients.add(g.toFloatArray());
      }
      return new Result(result.lossSum(), gradients, objective.parameterNames(), result.metrics());
    }
  }

  private static Device cpu() {
    return Device.cpu();
  }

  /** The weighted loss of rows with targets made of their own activations; float64. */
  private static double oracle(
      LanguageModel some,
      ActorSettings.Target target,
      double alpha,
      double[] weights,
      int... rows) {
    float[][] now = activations(some);
    float[][] start = activations(model);
    double sum = 0;
    for (int row : rows) {
      double[] t = target.of(axis, doubles(start[row]), alpha, CLASSES.get(row));
      sum += weights[row] * CosineLoss.value(doubles(now[row]), t);
    }
    return sum;
  }

  /** Equal totals per class, mean 1. */
  private static double[] weights() {
    return CLASSES.stream()
        .mapToDouble(c -> 14 / 3.0 / CLASSES.stream().filter(o -> o == c).count())
        .toArray();
  }

  @ParameterizedTest
  @EnumSource
  void theLossIsTheOraclesForEveryBatch(ActorSettings.Target target) {
    for (int[] rows : new int[][] {{0}, {1}, {13}, {5, 13, 2}, IntStream.range(0, 14).toArray()}) {
      double expected = oracle(model, target, 0.3, weights(), rows);
      double loss = gradients(settings(target, 0.3), CLASSES, axis, rows).loss();
      assertEquals(expected, loss, 1e-5 * expected, () -> Arrays.toString(rows));
    }
  }

  @ParameterizedTest
  @EnumSource
  void theGradientThroughTheBlockAgreesWithFiniteDifferences(ActorSettings.Target target) {
    double alpha = 0.5;
    int[] rows = {5, 13, 1, 9};
    Result result = gradients(settings(target, alpha), CLASSES, axis, rows);
    Map<String, Weight> start;
    try (TrainableBlock block = TrainableBlock.of(model, LAYER)) {
      start = block.snapshot(provenance()).tensors();
    }
    assertTrue(result.norm() > 1e-4);
    for (int p = 0; p < result.gradients().size(); p++) {
      String name = result.names().get(p);
      float[] g = result.gradients().get(p);
      double norm = Math.sqrt(CosineLoss.dot(doubles(g), doubles(g)));
      double h = 0.02;
      double slope =
          (moved(start, name, g, h / norm, target, alpha, rows)
                  - moved(start, name, g, -h / norm, target, alpha, rows))
              / (2 * h);
      assertEquals(norm, slope, 0.01 * norm + 1e-6, name);
    }
  }

  /** The loss after one fused parameter was moved along its gradient. */
  private static double moved(
      Map<String, Weight> start,
      String name,
      float[] gradient,
      double step,
      ActorSettings.Target target,
      double alpha,
      int... rows) {
    Map<String, Weight> tensors = new LinkedHashMap<>(start);
    int at = 0;
    for (String part : PARTS.get(name.substring(name.lastIndexOf('.') + 1))) {
      Weight old = start.get(part);
      float[] values = old.values().clone();
      for (int i = 0; i < values.length; i++) {
        values[i] += (float) (step * gradient[at++]);
      }
      tensors.put(part, new Weight(old.shape(), values));
    }
    assertEquals(gradient.length, at);
    try (LanguageModel other = model.with(new TunedBlock(LAYER, tensors, provenance()))) {
      return oracle(other, target, alpha, weights(), rows);
    }
  }

  private static Provenance provenance() {
    return new Provenance("test", Map.of(), 0, Map.of(), Map.of());
  }

  @Test
  void hazard1FlippingTheLabelFlipsTheGradientsSign() {
    List<PromptClass> flipped = new ArrayList<>(CLASSES);
    flipped.set(4, PromptClass.BENIGN);
    assertEquals(PromptClass.HARMFUL, CLASSES.get(4));
    for (ActorSettings.Target target :
        List.of(ActorSettings.Target.PUBLISHED, ActorSettings.Target.UNIFORM)) {
      Result harmful = gradients(settings(target, 0.001), CLASSES, axis, 4);
      Result safe = gradients(settings(target, 0.001), flipped, axis, 4);
      assertEquals(-1, harmful.cosine(safe), 1e-4, target.name());
    }
  }

  @Test
  void hazard2TheLossAndItsGradientSurviveAnAlphaWhoseLossUnderflowsInFloat32() {
    double alpha = 0.0015;
    float[][] a = activations(model);
    double[] weights = weights();
    int underflows = 0;
    for (int row = 0; row < SEQUENCES.size(); row++) {
      double[] t =
          ActorSettings.Target.PUBLISHED.of(axis, doubles(a[row]), alpha, CLASSES.get(row));
      underflows += textbook(a[row], t) <= 0 ? 1 : 0;
      double expected = CosineLoss.value(doubles(a[row]), t);
      assertTrue(expected <= alpha * alpha / 8 * 1.01);
      Result result =
          gradients(settings(ActorSettings.Target.PUBLISHED, alpha), CLASSES, axis, row);
      assertTrue(result.loss() > 0);
      assertEquals(expected * weights[row], result.loss(), 1e-3 * result.loss());
      assertTrue(result.norm() > 0);
    }
    assertTrue(underflows > 0, "the textbook form would have done");
  }

  /** 1 - cos in float32. */
  private static float textbook(float[] a, double[] target) {
    float dot = 0;
    float aa = 0;
    float tt = 0;
    for (int i = 0; i < a.length; i++) {
      float t = (float) target[i];
      dot += a[i] * t;
      aa += a[i] * a[i];
      tt += t * t;
    }
    return 1 - dot / ((float) Math.sqrt(aa) * (float) Math.sqrt(tt));
  }

  @Test
  void hazard3TheBlockTrainsInFloat32AlsoWhereTheCheckpointIsHalfPrecision() {
    Path half = RandomModel.write(folder.resolve("half"), Family.LLAMA, StorageType.BF16, 9);
    try (LanguageModel bf16 = LanguageModel.load(half);
        TrainableBlock block = TrainableBlock.of(bf16, LAYER)) {
      for (NDArray p : block.parameters()) {
        assertEquals(DataType.FLOAT32, p.getDataType());
      }
      Map<String, Weight> before = block.snapshot(provenance()).tensors();
      ActorTuning tuning =
          settings(ActorSettings.Target.CENTRED, 0.3)
              .training(t -> t.learningRate(1e-6).epochs(1))
              .refreshEvery(0)
              .build()
              .tuneIds(
                  bf16,
                  new ActorTuner.Sequences(SEQUENCES, CLASSES, axis.direction(), axis.benignMean()),
                  ProgressListener.NONE);
      // Steps far below the spacing of bf16, some 1e-3 here, are not lost.
      float[] old = before.get("mlp.down_proj.weight").values();
      float[] now = tuning.adapter().tensors().get("mlp.down_proj.weight").values();
      long moved = IntStream.range(0, old.length).filter(i -> old[i] != now[i]).count();
      assertTrue(moved > 0.9 * old.length, () -> moved + " of " + old.length);
    }
  }

  @Test
  void hazard6CentredLeavesPromptsOnTheirSideAloneAndPublishedDoesNot() {
    float[][] a = activations(model);
    int benign = 1;
    assertEquals(PromptClass.BENIGN, CLASSES.get(benign));
    double[] direction = axis.direction();
    double sign = -Math.signum(axis.projection(doubles(a[benign])));
    for (int i = 0; i < direction.length; i++) {
      direction[i] *= sign;
    }
    double[] mean = doubles(a[benign]);
    for (int i = 0; i < mean.length; i++) {
      mean[i] += 0.1 * direction[i];
    }
    RefusalAxis other = new RefusalAxis(direction, mean); // here u = -0.1 and R.a < 0
    Result centred = gradients(settings(ActorSettings.Target.CENTRED, 0.3), CLASSES, other, benign);
    assertEquals(0, centred.loss());
    assertEquals(0, centred.norm());
    assertTrue(
        gradients(settings(ActorSettings.Target.PUBLISHED, 0.3), CLASSES, other, benign).norm()
            > 1e-5);
    // Toward refusal, as a harmful prompt is under the uniform shift.
    List<PromptClass> harmful = new ArrayList<>(CLASSES);
    harmful.set(benign, PromptClass.HARMFUL);
    Result published =
        gradients(settings(ActorSettings.Target.PUBLISHED, 0.001), CLASSES, other, benign);
    Result uniform =
        gradients(settings(ActorSettings.Target.UNIFORM, 0.001), harmful, other, benign);
    assertEquals(1, published.cosine(uniform), 1e-4);
  }

  @Test
  void hazard7ClassesHaveEqualTotalWeightWhateverTheirCounts() {
    Map<PromptClass, Double> equal = totals(settings(ActorSettings.Target.UNIFORM, 0.3));
    assertEquals(14 / 3.0, equal.get(PromptClass.HARMFUL), 1e-3);
    assertEquals(14 / 3.0, equal.get(PromptClass.BENIGN), 1e-3);
    assertEquals(14 / 3.0, equal.get(PromptClass.PSEUDO_HARMFUL), 1e-3);
    Map<PromptClass, Double> own =
        totals(settings(ActorSettings.Target.UNIFORM, 0.3).classWeights(5, 0, 2));
    assertEquals(10, own.get(PromptClass.HARMFUL), 1e-3);
    assertEquals(0, own.get(PromptClass.BENIGN));
    assertEquals(4, own.get(PromptClass.PSEUDO_HARMFUL), 1e-3);
  }

  private static Map<PromptClass, Double> totals(ActorSettings.Builder<ActorTuner> settings) {
    float[][] a = activations(model);
    Map<PromptClass, Double> totals = new HashMap<>();
    for (int row = 0; row < CLASSES.size(); row++) {
      PromptClass c = CLASSES.get(row);
      double[] t = ActorSettings.Target.UNIFORM.of(axis, doubles(a[row]), 0.3, c);
      double weight =
          gradients(settings, CLASSES, axis, row).loss() / CosineLoss.value(doubles(a[row]), t);
      totals.merge(c, weight, Double::sum);
    }
    return totals;
  }

  @Test
  void hazard7MeanPlacesOfTheClassesAreReportedFromEachRefreshOn() {
    ActorTuning tuning =
        settings(ActorSettings.Target.CENTRED, 0.3)
            .training(t -> t.learningRate(1e-3).batchSize(4).epochs(3))
            .refreshEvery(5)
            .build()
            .tuneIds(
                model,
                new ActorTuner.Sequences(SEQUENCES, CLASSES, axis.direction(), axis.benignMean()),
                ProgressListener.NONE);
    List<Map<String, Double>> steps =
        tuning.training().history().stream().map(s -> s.metrics()).toList();
    assertEquals(12, steps.size());
    assertEquals(0, steps.get(0).get("u_benign"), 1e-6);
    assertEquals(1, steps.get(0).get("u_harmful"), 1e-6);
    double pseudo = axis.u(doubles(activations(model)[13]));
    assertEquals(pseudo, steps.get(0).get("u_pseudo_harmful"), 1e-5);
    assertEquals(steps.get(0).get("u_harmful"), steps.get(4).get("u_harmful"), 1e-12);
    assertTrue(Math.abs(steps.get(5).get("u_harmful") - 1) > 1e-3, steps::toString);
    assertEquals(steps.get(5).get("u_harmful"), steps.get(9).get("u_harmful"), 1e-12);
    assertTrue(!steps.get(10).get("u_harmful").equals(steps.get(9).get("u_harmful")));
  }

  @Property(tries = 500)
  void aDirectionSurvivesTheCheckpointBitForBit(@ForAll double[] values) {
    assertArrayEquals(values, ActorObjective.join(Map.of("x", ActorObjective.split(values)), "x"));
  }

  @Test
  void aDirectionOfAnyMantissaSurvivesTheCheckpointBitForBit() {
    double[] values = new Random(3).doubles(10_000).map(x -> x * 1e-3).toArray();
    assertArrayEquals(values, ActorObjective.join(Map.of("x", ActorObjective.split(values)), "x"));
  }
}
