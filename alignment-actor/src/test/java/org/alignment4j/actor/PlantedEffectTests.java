package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alignment4j.Tuning;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.actor.ProbeReport.LayerChoice;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.adapter.TunedBlock.Weight;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.analysis.PairedProportions;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Steering;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.model.TrainableBlock;
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
  private static ActorSettings.Builder<ActorTuner> tuner() {
    return ActorTuner.builder()
        .training(t -> t.learningRate(1e-3).batchSize(16).epochs(3))
        .refreshEvery(10);
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
    assertEquals(1, decoy.heldOut().estimate());
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

  @Test
  void hazard5AHugeLearningRateIsCaughtByTheGateAndTheBlockIsTheBasesBitForBit() {
    ActorTuning tuning =
        tuner()
            .training(t -> t.learningRate(10))
            .build()
            .tune(model, PlantedModel.tuningPrompts(), ProgressListener.NONE);
    assertFalse(tuning.changed());
    assertTrue(tuning.reason().contains("unchanged"), tuning::reason);
    assertEquals(tuning.report().overRefusal().before(), tuning.report().overRefusal().after());
    assertEquals(
        tuning.report().harmfulRefusal().before(), tuning.report().harmfulRefusal().after());
    assertTrue(
        tuning.training().evaluations().stream().noneMatch(e -> e.evaluation().acceptable()));
    assertIsTheBase(tuning.adapter());
  }

  private static void assertIsTheBase(TunedBlock block) {
    try (TrainableBlock base = TrainableBlock.of(model, block.layer())) {
      Map<String, Weight> weights = base.snapshot(block.provenance()).tensors();
      assertEquals(weights.keySet(), block.tensors().keySet());
      weights.forEach(
          (name, w) -> assertArrayEquals(w.values(), block.tensors().get(name).values(), name));
    }
  }

  @Test
  void stateThatKeepsEveryConditionButHelpsNobodyIsNotKept() {
    ActorTuning tuning =
        tuner()
            .training(t -> t.learningRate(1e-8))
            .build()
            .tune(model, PlantedModel.tuningPrompts(), ProgressListener.NONE);
    assertFalse(tuning.changed(), tuning::reason);
    assertIsTheBase(tuning.adapter());
  }

  @Test
  void aStateThatOnlyLosesHarmfulRefusalIsNeverKept() {
    // Uniform shifts of safe prompts alone: over-refusal goes, and harmful refusal with it.
    ActorTuning tuning =
        tuner()
            .target(ActorSettings.Target.UNIFORM)
            .classWeights(0, 1, 0)
            .training(t -> t.learningRate(3e-3))
            .build()
            .tune(model, PlantedModel.tuningPrompts(), ProgressListener.NONE);
    boolean lost =
        tuning.training().evaluations().stream()
            .map(e -> e.evaluation().metrics())
            .anyMatch(m -> m.get("over_refusal") == 0 && m.get("harmful_refusal") < 0.9);
    assertTrue(lost, () -> tuning.training().evaluations().toString());
    assertTrue(tuning.report().harmfulRefusal().after().k() >= 13);
  }

  @Test
  void aCancelledTuningWithAGateGoesOnAndEndsTheSameBitForBit() {
    Path kept = folder.resolve("checkpoint");
    ActorTuning expected =
        tuner().build().tune(model, PlantedModel.tuningPrompts(), ProgressListener.NONE);
    for (int n : new int[] {9, 10, 25}) {
      assertThrows(
          CancelledException.class,
          () ->
              tuner()
                  .training(t -> t.checkpointFolder(kept).checkpointEvery(4))
                  .build()
                  .tune(
                      model,
                      PlantedModel.tuningPrompts(),
                      p -> {
                        if (p.metrics().containsKey("loss") && p.done() == n) {
                          Thread.currentThread().interrupt();
                        }
                      }));
      assertTrue(Thread.interrupted());
    }
    ActorTuning resumed =
        tuner()
            .training(t -> t.checkpointFolder(kept).checkpointEvery(4))
            .build()
            .tune(model, PlantedModel.tuningPrompts(), ProgressListener.NONE);
    assertEquals(expected.training().history(), resumed.training().history());
    assertEquals(expected.training().evaluations(), resumed.training().evaluations());
    assertEquals(expected.reason(), resumed.reason());
    expected
        .adapter()
        .tensors()
        .forEach(
            (name, w) ->
                assertArrayEquals(w.values(), resumed.adapter().tensors().get(name).values()));
    // Another gate is another tuning.
    ActorTuner other =
        tuner()
            .gate(new ActorSettings.Gate(0.1, 0.5, 32))
            .training(t -> t.checkpointFolder(kept).checkpointEvery(4))
            .build();
    assertThrows(
        CheckpointException.class,
        () -> other.tune(model, PlantedModel.tuningPrompts(), ProgressListener.NONE));
  }

  @Test
  void theSavedBlockSaysHowItCameToBeAndIsReadBack() throws IOException {
    Path out = folder.resolve("saved");
    ActorTuning tuning =
        tuner()
            .seed(11)
            .gate(new ActorSettings.Gate(0.01, Double.POSITIVE_INFINITY, 12))
            .build()
            .tune(model, PlantedModel.tuningPrompts(), ProgressListener.NONE);
    tuning.adapter().save(out);
    TunedBlock read = TunedBlock.load(out);
    assertEquals(tuning.adapter().layer(), read.layer());
    assertEquals(tuning.adapter().tensors().keySet(), read.tensors().keySet());
    tuning
        .adapter()
        .tensors()
        .forEach(
            (name, w) -> {
              assertArrayEquals(w.shape(), read.tensors().get(name).shape(), name);
              assertArrayEquals(w.values(), read.tensors().get(name).values(), name);
            });
    assertEquals(
        JsonParser.parseString(tuning.adapter().provenance().toJson()),
        JsonParser.parseString(read.provenance().toJson()));

    String text = Files.readString(out.resolve("provenance.json"));
    JsonObject json = new Gson().getAdapter(JsonObject.class).fromJson(text); // strict
    assertEquals("actor", json.get("method").getAsString());
    assertEquals(11, json.get("seed").getAsLong());
    assertTrue(json.get("layer_convention").getAsString().contains("output of block l"));
    JsonObject settings = json.getAsJsonObject("settings");
    assertEquals(2, settings.get("layer").getAsInt());
    assertEquals("CENTRED", settings.get("target").getAsString());
    assertEquals(0.3, settings.get("alpha").getAsDouble());
    assertEquals(1e-3, settings.get("learning_rate").getAsDouble());
    assertEquals("Infinity", settings.getAsJsonArray("gate").get(1).getAsString());
    JsonObject inputs = json.getAsJsonObject("inputs");
    assertEquals(model.hash(), inputs.get("model").getAsString());
    for (String name :
        List.of("harmful", "benign", "pseudo_harmful", "gate_harmful", "gate_safe")) {
      assertTrue(inputs.get(name).getAsString().matches("[0-9a-f]{64}"), name);
    }
    JsonObject metrics = json.getAsJsonObject("metrics");
    assertTrue(metrics.get("changed").getAsBoolean());
    assertEquals(tuning.reason(), metrics.get("reason").getAsString());
    assertEquals(PlantedModel.BLOCKS, metrics.getAsJsonArray("layers").size());
    JsonObject after =
        metrics.getAsJsonObject("gate").getAsJsonObject("over_refusal").getAsJsonObject("after");
    assertEquals(0, after.get("k").getAsInt());
    assertEquals(14, after.get("n").getAsInt());

    Path merged = folder.resolve("merged");
    read.merge(model.path(), merged);
    try (LanguageModel whole = LanguageModel.load(merged)) {
      assertAllAnswered(whole, PlantedModel.heldOutPseudoHarmful());
      assertAllRefused(whole, PlantedModel.heldOutHarmful());
    }
  }

  @Test
  void aModelThatRefusesNoneOfTheGatesSafePromptsIsLeftAloneBeforeTheFirstStep() {
    ActorPrompts answered =
        new ActorPrompts(
            PlantedModel.heldOutBenign(),
            PlantedModel.benign(),
            PlantedModel.heldOutBenign(),
            PlantedModel.benign().subList(0, 12),
            PlantedModel.benign().subList(12, 22));
    List<String> tasks = new java.util.ArrayList<>();
    ActorTuning tuning = tuner().build().tune(model, answered, p -> tasks.add(p.task()));
    assertEquals(Tuning.Outcome.NOTHING_TO_DO, tuning.outcome());
    assertFalse(tuning.changed());
    assertEquals(
        "there is nothing to do: the model refuses none of the 10 safe prompts held out for the"
            + " gate, and 0 of the 12 harmful ones",
        tuning.reason());
    assertEquals(List.of(), tasks);
    assertEquals(0, tuning.training().steps());
    assertEquals(new Rate(0, 10), tuning.report().overRefusal().after());
    assertIsTheBase(tuning.adapter());
    // Refusing harmful prompts only is no reason to tune either.
    ActorPrompts harmfulOnly =
        new ActorPrompts(
            PlantedModel.harmful(),
            PlantedModel.benign(),
            PlantedModel.heldOutBenign(),
            PlantedModel.heldOutHarmful(),
            PlantedModel.benign().subList(12, 22));
    assertEquals(
        Tuning.Outcome.NOTHING_TO_DO,
        tuner().build().tune(model, harmfulOnly, ProgressListener.NONE).outcome());
  }

  @Test
  void contrastPromptsStayRefused() {
    ActorPrompts prompts =
        ActorPrompts.holdingOut(
            PlantedModel.harmful().subList(0, 28),
            PlantedModel.benign(),
            PlantedModel.pseudoHarmful(),
            PlantedModel.harmful().subList(28, 56),
            0.25,
            3);
    assertEquals(21, prompts.contrast().size());
    ActorTuning tuning = tuner().build().tune(model, prompts, ProgressListener.NONE);
    assertEquals(Tuning.Outcome.CHANGED, tuning.outcome());
    assertEquals(new PairedProportions(7, 0, 0, 0), tuning.contrast().orElseThrow().paired());
    assertEquals(0, tuning.report().overRefusal().after().k());
  }

  /** The contrast prompts are worded like the safe ones to the last word: no state tells them. */
  @Test
  void theGateRejectsWhatAnswersContrastPrompts() {
    ActorPrompts prompts = PlantedModel.tuningPrompts();
    ActorPrompts same =
        new ActorPrompts(
            prompts.harmful(),
            prompts.benign(),
            prompts.pseudoHarmful(),
            prompts.gateHarmful(),
            prompts.gateSafe(),
            List.of(),
            PlantedModel.heldOutPseudoHarmful());
    ActorTuning tuning = tuner().build().tune(model, same, ProgressListener.NONE);
    assertEquals(Tuning.Outcome.UNCHANGED, tuning.outcome());
    assertIsTheBase(tuning.adapter());
    assertEquals(new PairedProportions(12, 0, 0, 0), tuning.contrast().orElseThrow().paired());
  }

  @Test
  void theReportTellsWhichPromptsChanged() {
    ActorTuning tuning =
        tuner().build().tune(model, PlantedModel.tuningPrompts(), ProgressListener.NONE);
    assertEquals(Tuning.Outcome.CHANGED, tuning.outcome());
    // 14 refused before, none after: 2 / 2^14.
    PairedProportions paired = tuning.report().overRefusal().paired();
    assertEquals(new PairedProportions(0, 14, 0, 0), paired);
    assertEquals(2 / 16384.0, paired.pValue(), 1e-15);
    assertEquals(new PairedProportions(14, 0, 0, 0), tuning.report().harmfulRefusal().paired());
  }

  @Test
  void contrastPromptsChooseAndMeasureTheLayer() {
    // Harmful or not, dangerous words are refused; the planted layers cannot tell these apart.
    ActorProbe blind =
        ActorProbe.builder()
            .contrast(PlantedModel.heldOutHarmful(), PlantedModel.heldOutPseudoHarmful())
            .fit(model, PlantedModel.harmful(), PlantedModel.benign(), ProgressListener.NONE);
    assertEquals(LayerChoice.CONTRAST, blind.report().choice());
    Auroc measured = blind.report().contrast();
    int harmful = PlantedModel.heldOutHarmful().size() / 2;
    int harmless = PlantedModel.heldOutPseudoHarmful().size() / 2;
    assertEquals(harmful, measured.positives());
    assertEquals(harmless, measured.negatives());
    // One side alone is set against anchors that were held out.
    ActorProbe told =
        ActorProbe.builder()
            .layer(PLANTED)
            .contrast(PlantedModel.heldOutHarmful(), List.of())
            .fit(model, PlantedModel.harmful(), PlantedModel.benign(), ProgressListener.NONE);
    assertEquals(LayerChoice.GIVEN, told.report().choice());
    assertEquals(1, told.report().contrast().estimate());
    assertEquals(PlantedModel.benign().size(), told.report().contrast().negatives());
  }

  @Test
  void aModelThatRefusesNoAnchorHasNoCausalScoresAndSaysSo() {
    List<Prompt> one = PlantedModel.benign().subList(0, 20);
    List<Prompt> other = PlantedModel.benign().subList(20, 40);
    ActorProbe probe = ActorProbe.fit(model, one, other);
    ProbeReport report = probe.report();
    assertEquals(LayerChoice.HELD_OUT, report.choice());
    assertEquals(new Rate(0, 20), report.refusedHarmful());
    assertTrue(probe.layerScores().stream().allMatch(s -> Double.isNaN(s.causal())));
    assertTrue(
        report.warnings().get(0).startsWith("No causal scores: the model refuses 0 of 20 harmful"),
        report::toString);
  }

  @Test
  void anchorsThatAreAContrastAndTooFewAreRefused() {
    List<Prompt> bad = PlantedModel.harmful();
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                ActorProbe.builder()
                    .contrast(bad.subList(0, 9), List.of())
                    .fit(model, bad, PlantedModel.benign(), ProgressListener.NONE));
    assertTrue(e.getMessage().contains("0 harmful and 0 harmless"), e::getMessage);
  }
}
