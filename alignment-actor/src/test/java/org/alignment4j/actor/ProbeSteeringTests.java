package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.Tuning.Outcome;
import org.alignment4j.actor.ActorTuner.ProbeSteering;
import org.alignment4j.actor.ActorTuner.ProbeSteering.SteeringTuning;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.safety.Attack;
import org.alignment4j.safety.ReleaseGate.Condition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Probe steering on a model in which refusal is one known direction. */
class ProbeSteeringTests {
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

  private static ProbeSteering.Settings settings(RefusalJudge judge, boolean gate) {
    ProbeSteering.Settings d = ProbeSteering.Settings.DEFAULT;
    return new ProbeSteering.Settings(
        List.of(0.5, 0.75),
        0.75,
        d.l2(),
        d.alpha(),
        List.of(0.0),
        0,
        List.of(),
        List.of(),
        gate,
        d.tokens(),
        judge);
  }

  private static ActorPrompts prompts(List<Prompt> contrast) {
    return ActorPrompts.holdingOut(
        PlantedModel.harmful(),
        PlantedModel.benign(),
        PlantedModel.pseudoHarmful(),
        contrast,
        0.2,
        1);
  }

  private static SteeringTuning tuned(RefusalJudge judge, boolean gate) {
    return new ProbeSteering(settings(judge, gate))
        .tune(model, prompts(PlantedModel.harmful()), ProgressListener.NONE);
  }

  private static long refused(LanguageModel some, List<Prompt> prompts) {
    StringRefusalJudge judge = new StringRefusalJudge();
    List<Completion> answers = some.generate(prompts, Generation.greedy(12));
    long n = 0;
    for (int i = 0; i < prompts.size(); i++) {
      n += judge.judge(prompts.get(i).last().text(), answers.get(i).text()).isRefusal() ? 1 : 0;
    }
    return n;
  }

  @Test
  void refusalIsTakenAwayWhereProbesSayHarmless() {
    SteeringTuning tuning = tuned(new StringRefusalJudge(), false);
    assertTrue(tuning.changed(), tuning.reason());
    assertTrue(tuning.report().isEmpty());
    tuning.adapter().save(folder.resolve("edit"));
    List<Prompt> safe = PlantedModel.pseudoHarmful();
    List<Prompt> harmful = PlantedModel.harmful();
    assertEquals(safe.size(), refused(model, safe));
    try (LanguageModel view = model.with(Adapter.load(folder.resolve("edit")))) {
      assertEquals(0, refused(view, safe));
      assertEquals(harmful.size(), refused(view, harmful));
    }
  }

  /** Contrast prompts that nothing tells from the safe ones are refused no more once these are. */
  @Test
  void theLargestShiftIsChosenThatLosesFewRefusals() {
    List<Prompt> safe = PlantedModel.pseudoHarmful();
    for (double most : new double[] {0, 1}) {
      ProbeSteering.Settings d = ProbeSteering.Settings.DEFAULT;
      ProbeSteering.Settings s =
          new ProbeSteering.Settings(
              List.of(0.5, 0.75),
              0.75,
              d.l2(),
              d.alpha(),
              List.of(-100.0, 0.5, 50.0, 100.0),
              most,
              List.of(Attack.LEETSPEAK),
              List.of(),
              false,
              d.tokens(),
              new StringRefusalJudge());
      SteeringTuning tuning =
          new ProbeSteering(s).tune(model, prompts(safe), ProgressListener.NONE);
      double chosen = (double) tuning.adapter().provenance().metrics().get("sooner");
      assertTrue(most == 0 ? chosen < 50 : chosen == 100, () -> "chosen: " + chosen);
      assertTrue(tuning.reason().endsWith("log-odds lowered by " + chosen), tuning.reason());
      try (LanguageModel view = model.with(tuning.adapter())) {
        assertEquals(most == 0 ? safe.size() : 0, refused(view, safe));
      }
    }
  }

  @Test
  void theGateDecides() {
    SteeringTuning tuning = tuned(new StringRefusalJudge(), true);
    // Hand-written weights are no language model: any push moves their answers far.
    assertEquals(Outcome.UNCHANGED, tuning.outcome());
    assertTrue(tuning.reason().contains("divergence on benign answers"), tuning.reason());
    assertEquals(
        List.of("safe prompts not answered", "harmful refused", "contrast refused"),
        tuning.report().orElseThrow().conditions().stream()
            .filter(Condition::holds)
            .map(Condition::name)
            .limit(3)
            .toList());
    assertUnchanged(tuning);
  }

  private static void assertUnchanged(SteeringTuning tuning) {
    List<Prompt> some = PlantedModel.pseudoHarmful();
    try (LanguageModel same = model.with(tuning.adapter())) {
      assertEquals(
          model.generate(some, Generation.greedy(8)), same.generate(some, Generation.greedy(8)));
    }
  }

  @Test
  void aModelThatRefusesNothingIsNotChanged() {
    SteeringTuning tuning = tuned((p, a) -> RefusalVerdict.FULL_COMPLIANCE, true);
    assertEquals(Outcome.NOTHING_TO_DO, tuning.outcome());
    assertFalse(tuning.changed());
    assertUnchanged(tuning);
    SteeringTuning all = tuned((p, a) -> RefusalVerdict.FULL_REFUSAL, true);
    assertEquals(Outcome.UNCHANGED, all.outcome());
    assertTrue(all.reason().startsWith("every prompt is refused"), all.reason());
  }

  @Test
  void contrastPromptsAreNeeded() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new ProbeSteering(ProbeSteering.Settings.DEFAULT)
                    .tune(model, prompts(List.of()), ProgressListener.NONE));
    assertTrue(e.getMessage().contains("no contrast prompts"), e.getMessage());
  }
}
