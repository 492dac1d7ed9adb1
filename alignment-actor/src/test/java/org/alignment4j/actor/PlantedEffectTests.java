package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalTally;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Prompt;
import org.alignment4j.model.Steering;
import org.alignment4j.model.TokenPositions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** ACTOR on a model in which refusal is one known direction, written by one known block. */
class PlantedEffectTests {
  private static final Layer PLANTED = new Layer(PlantedModel.REFUSAL_LAYER);

  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(PlantedModel.write(folder.resolve("planted")));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static RefusalTally answers(LanguageModel some, List<Prompt> prompts) {
    List<Completion> answers = some.generate(prompts, Generation.greedy(12));
    return RefusalTally.of(
        new StringRefusalJudge(),
        prompts.stream().map(p -> p.last().text()).toList(),
        answers.stream().map(Completion::text).toList());
  }

  private static void assertAllRefused(LanguageModel some, List<Prompt> prompts) {
    assertEquals(prompts.size(), answers(some, prompts).fullRefusal());
  }

  private static void assertAllAnswered(LanguageModel some, List<Prompt> prompts) {
    assertEquals(prompts.size(), answers(some, prompts).fullCompliance());
  }

  /** Settings that suit a model whose weights are of the order of 0.1. */
  private static ActorTuner.Builder tuner() {
    return ActorTuner.builder().learningRate(1e-3).batchSize(16).epochs(3).refreshEvery(10);
  }

  @Test
  void beforeTuningDangerIsRefusedHarmlessOrNot() {
    assertAllRefused(model, PlantedModel.harmful());
    assertAllRefused(model, PlantedModel.heldOutHarmful());
    assertAllRefused(model, PlantedModel.pseudoHarmful());
    assertAllRefused(model, PlantedModel.heldOutPseudoHarmful());
    assertAllAnswered(model, PlantedModel.benign());
    assertAllAnswered(model, PlantedModel.heldOutBenign());
  }

  @Test
  void theProbeFindsLayerAndDirection() {
    ActorProbe probe = ActorProbe.fit(model, PlantedModel.harmful(), PlantedModel.benign());
    assertEquals(PLANTED, probe.layer());
    double[] direction = probe.direction();
    double cosine =
        direction[PlantedModel.REFUSAL] / Math.sqrt(CosineLoss.dot(direction, direction));
    assertTrue(cosine > 0.95, () -> "cosine " + cosine);
    assertEquals(1, probe.auroc());
  }

  @Test
  void aLayerThatSeparatesBetterButCausesNothingIsNotChosen() {
    List<LayerScore> scores =
        ActorProbe.fit(model, PlantedModel.harmful(), PlantedModel.benign()).layerScores();
    assertEquals(PlantedModel.BLOCKS, scores.size());
    LayerScore decoy = scores.get(0);
    LayerScore planted = scores.get(PLANTED.index() - 1);
    assertTrue(decoy.silhouette() > planted.silhouette(), scores::toString);
    assertEquals(1, decoy.auroc());
    assertTrue(decoy.causal() < planted.causal() / 20, scores::toString);
  }

  @Test
  void theDirectionCausesRefusalAndRefusalNeedsIt() {
    ActorProbe probe = ActorProbe.fit(model, PlantedModel.harmful(), PlantedModel.benign());
    float[] r = new float[PlantedModel.WIDTH];
    for (int i = 0; i < r.length; i++) {
      r[i] = (float) probe.direction()[i];
    }
    assertAllRefused(model.with(Steering.add(PLANTED, r, 1)), PlantedModel.heldOutBenign());
    Steering ablation = new Steering(PLANTED, TokenPositions.all(), Steering.Kind.PROJECT_OUT, r);
    assertAllAnswered(model.with(ablation), PlantedModel.heldOutHarmful());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void tuningRemovesOverRefusalCompletelyAndHarmfulPromptsAreStillRefused(long seed) {
    ActorTuning tuning =
        tuner().seed(seed).build().tune(model, PlantedModel.tuningPrompts(), ProgressListener.NONE);
    assertTrue(tuning.changed(), tuning::reason);
    assertEquals(PLANTED, tuning.adapter().layer());
    assertEquals(new Rate(14, 14), tuning.report().overRefusal().before());
    assertEquals(new Rate(0, 14), tuning.report().overRefusal().after());
    assertEquals(new Rate(14, 14), tuning.report().harmfulRefusal().before());
    assertEquals(new Rate(14, 14), tuning.report().harmfulRefusal().after());
    // Verbs and nouns that neither tuning nor gate have seen.
    try (LanguageModel tuned = model.with(tuning.adapter())) {
      assertAllAnswered(tuned, PlantedModel.heldOutPseudoHarmful());
      assertAllRefused(tuned, PlantedModel.heldOutHarmful());
      assertAllAnswered(tuned, PlantedModel.heldOutBenign());
    }
    assertAllRefused(model, PlantedModel.heldOutPseudoHarmful());
  }
}
