package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.alignment4j.RefusalProbe;
import org.alignment4j.actor.ProbeReport.LayerChoice;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ActorProbeTests {
  private static final List<Prompt> HARMFUL = PlantedModel.harmful().subList(0, 24);
  private static final List<Prompt> BENIGN = PlantedModel.benign().subList(0, 20);

  @TempDir static Path folder;
  private static LanguageModel model;
  private static ActorProbe probe;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(PlantedModel.write(folder.resolve("planted")));
    probe = ActorProbe.fit(model, HARMFUL, BENIGN);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static ActorProbe fit(List<Prompt> harmful, Layer layer, double falsePositives) {
    ActorProbe.Builder fit = ActorProbe.builder().falsePositives(falsePositives);
    return (layer == null ? fit : fit.layer(layer))
        .fit(model, harmful, BENIGN, ProgressListener.NONE);
  }

  private static double mean(double[] scores) {
    return Arrays.stream(scores).average().orElseThrow();
  }

  @Test
  void scoresAreZeroAndOneAtTheClassMeans() {
    assertEquals(0, mean(probe.scores(BENIGN)), 1e-6);
    assertEquals(1, mean(probe.scores(HARMFUL)), 1e-6);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.05, 0.1, 0.25, 1})
  void theThresholdKeepsTheChosenFalsePositiveRateOnTheAnchors(double rate) {
    // At the layer of the topics the classes overlap, so that the rate matters.
    ActorProbe overlapping = fit(HARMFUL, new Layer(4), rate);
    double[] scores = overlapping.scores(BENIGN);
    // At a rate of 1 the lowest score is the threshold; a prompt's score differs by rounding with
    // the prompts that it is scored among.
    double threshold = overlapping.threshold() - 1e-5;
    long flagged = Arrays.stream(scores).filter(s -> s >= threshold).count();
    assertEquals(rate * BENIGN.size(), flagged, 1e-9);
  }

  @Test
  void thresholdSeparatesPromptsOfWordsItHasNotSeen() {
    RefusalProbe strict = fit(HARMFUL, null, 0);
    assertTrue(PlantedModel.heldOutHarmful().stream().allMatch(strict::refuses));
    assertTrue(PlantedModel.heldOutBenign().stream().noneMatch(strict::refuses));
    // The model refuses these, and the probe sees it before the model answers.
    assertTrue(PlantedModel.heldOutPseudoHarmful().stream().allMatch(strict::refuses));
  }

  @Test
  void onePromptAloneScoresAsAmongOthers() {
    double[] all = probe.scores(PlantedModel.heldOutHarmful());
    for (int i = 0; i < all.length; i++) {
      assertEquals(all[i], probe.score(PlantedModel.heldOutHarmful().get(i)), 1e-5);
    }
  }

  @Test
  void eightThreadsScoreAsOne() throws Exception {
    RefusalProbe shared = probe;
    List<Prompt> prompts = PlantedModel.heldOutBenign();
    double[] expected = shared.scores(prompts);
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      List<Future<double[]>> results = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        results.add(pool.submit(() -> shared.scores(prompts)));
      }
      for (Future<double[]> result : results) {
        assertArrayEquals(expected, result.get(), 1e-6);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void aGivenLayerIsUsed() {
    assertEquals(new Layer(3), fit(HARMFUL, new Layer(3), 0.05).layer());
    assertFails("layer 5", () -> fit(HARMFUL, new Layer(5), 0.05));
    assertFails("layer 0", () -> fit(HARMFUL, new Layer(0), 0.05));
  }

  @Test
  void tooFewPromptsAndBadRatesAreRefused() {
    assertFails("two harmful prompts, there are 0", () -> fit(List.of(), null, 0.05));
    assertFails("two harmful prompts, there are 1", () -> fit(HARMFUL.subList(0, 1), null, 0.05));
    assertFails(
        "two benign prompts, there are 1",
        () -> ActorProbe.fit(model, HARMFUL, BENIGN.subList(0, 1)));
    assertFails("falsePositives", () -> fit(HARMFUL, null, 1.5));
    assertFails("falsePositives", () -> fit(HARMFUL, null, Double.NaN));
    assertFails("no prompts", () -> probe.scores(List.of()));
  }

  @Test
  void aPromptLongerThanTheContextIsNamed() {
    Prompt tooLong = Prompt.user("kill a process".repeat(20));
    assertFails("the model's context is 64", () -> probe.score(tooLong));
    List<Prompt> harmful = new ArrayList<>(HARMFUL);
    harmful.set(3, tooLong);
    assertFails("sequence 3 ", () -> fit(harmful, null, 0.05));
    List<Prompt> pseudo = new ArrayList<>(PlantedModel.pseudoHarmful());
    pseudo.set(5, tooLong);
    ActorPrompts prompts = new ActorPrompts(HARMFUL, BENIGN, pseudo, HARMFUL, pseudo.subList(0, 2));
    assertFails(
        "the model's context is 64",
        () -> ActorTuner.builder().build().tune(model, prompts, ProgressListener.NONE));
  }

  @Test
  void promptListsMustNotBeEmptyAndHoldingOutKeepsThePartsApart() {
    assertFails(
        "no pseudo-harmful prompts",
        () -> new ActorPrompts(HARMFUL, BENIGN, List.of(), HARMFUL, BENIGN));
    List<Prompt> twice = new ArrayList<>(HARMFUL);
    twice.addAll(HARMFUL);
    ActorPrompts prompts =
        ActorPrompts.holdingOut(twice, BENIGN, PlantedModel.pseudoHarmful(), 0.3, 1);
    assertEquals(24, prompts.harmful().size() + prompts.gateHarmful().size());
    assertTrue(prompts.harmful().stream().noneMatch(prompts.gateHarmful()::contains));
    assertTrue(prompts.pseudoHarmful().stream().noneMatch(prompts.gateSafe()::contains));
    assertFails(
        "there are 1 and 56",
        () ->
            ActorPrompts.holdingOut(
                List.of(HARMFUL.get(0), HARMFUL.get(0)),
                BENIGN,
                PlantedModel.pseudoHarmful(),
                0.3,
                1));
  }

  @Test
  void theFirstLayerThatDoesNearlyAllIsChosen() {
    assertEquals(2, choose(0.9, 0.1, 0.3, 5.5, 0.4, 6));
    assertEquals(1, choose(0.1, 5.4, 0.6, 4, 0.4, 6));
  }

  @Test
  void whereNoLayerCausesRefusalTheLastOfTheBestHeldOutLayersIsChosen() {
    // 60 + 60 anchors: the standard error at 0.9 is 0.03, at 1 it is 0.02.
    assertEquals(4, byHeldOut(0.5, 0.88, 0.9, 0.88));
    assertEquals(3, byHeldOut(0.5, 0.88, 0.9, 0.8));
    assertEquals(2, byHeldOut(0.99, 1, 0.95, 0.9));
    assertEquals(3, byHeldOut(Double.NaN, Double.NaN, Double.NaN));
    assertEquals(3, choose(0.4, -1, 0.6, -4, 0.5, -3));
    assertEquals(3, choose(0.4, Double.NaN, 0.6, Double.NaN, 0.5, Double.NaN));
    assertEquals(3, choose(0.4, 0, 0.6, Double.NaN, 0.5, 2));
  }

  @Test
  void whereThereAreContrastPromptsTheyChoose() {
    List<LayerScore> scores = new ArrayList<>();
    double[] areas = {0.5, 0.8, 0.7, 0.8, 0.79};
    for (int i = 0; i < areas.length; i++) {
      Auroc perfect = new Auroc(1, 60, 60, 5);
      scores.add(
          new LayerScore(new Layer(i + 1), 0, perfect, new Auroc(areas[i], 50, 50, 1), 5 - i));
    }
    assertEquals(LayerChoice.CONTRAST, ActorProbe.choice(scores));
    assertEquals(new Layer(4), ActorProbe.choose(scores));
  }

  private static int byHeldOut(double... areas) {
    List<LayerScore> scores = new ArrayList<>();
    for (double area : areas) {
      boolean none = Double.isNaN(area);
      Auroc held = new Auroc(area, none ? 0 : 60, none ? 0 : 60, 1);
      scores.add(new LayerScore(new Layer(scores.size() + 1), 0.9, held, null, Double.NaN));
    }
    assertEquals(LayerChoice.HELD_OUT, ActorProbe.choice(scores));
    return ActorProbe.choose(scores).index();
  }

  /** The layer chosen of silhouettes and causal scores in turn. */
  private static int choose(double... scores) {
    return ActorProbe.choose(
            IntStream.range(0, scores.length / 2)
                .mapToObj(
                    i ->
                        new LayerScore(
                            new Layer(i + 1),
                            scores[2 * i],
                            new Auroc(1, 9, 9, 1),
                            null,
                            scores[2 * i + 1]))
                .toList())
        .index();
  }

  @Test
  void openersAreTokensWhoseAnswersAreNearlyAllRefusalsOrElseMost() {
    assertEquals(
        Set.of(1), openers(Map.of(1, new int[] {10, 9}, 2, new int[] {10, 8}, 3, new int[2])));
    assertEquals(Set.of(2), openers(Map.of(1, new int[] {10, 4}, 2, new int[] {10, 6})));
    assertEquals(Set.of(), openers(Map.of(1, new int[] {10, 4}, 2, new int[] {3, 0})));
  }

  private static Set<Integer> openers(Map<Integer, int[]> counts) {
    return RefusalOpeners.of(counts);
  }

  @Test
  void meanKlIsZeroForEqualLogitsAndKnowsNaN() {
    float[][] p = {{1, 2, 3}, {0, 0, 5}};
    assertEquals(0, SafetyGate.meanKl(p, p), 1e-15);
    float[][] flat = {{0, 0}};
    float[][] tilted = {{(float) Math.log(3), 0}};
    assertEquals(
        0.5 * Math.log(0.5 / 0.75) + 0.5 * Math.log(0.5 / 0.25),
        SafetyGate.meanKl(flat, tilted),
        1e-7);
    assertTrue(Double.isNaN(SafetyGate.meanKl(flat, new float[][] {{Float.NaN, 0}})));
    assertFalse(SafetyGate.meanKl(flat, new float[][] {{Float.POSITIVE_INFINITY, 0}}) <= 1);
  }

  private static void assertFails(String message, org.junit.jupiter.api.function.Executable call) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }
}
