package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.steering.AdaSteer;
import org.alignment4j.steering.AlphaSteer;
import org.alignment4j.steering.ConditionalSteering;
import org.alignment4j.steering.DirectionalAblation;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fitted edits on a model in which refusal is one known direction: they do what they are for. */
class FittedSteeringTests {
  private static final Layer REFUSAL = new Layer(PlantedModel.REFUSAL_LAYER);
  private static final Layer DECOY = new Layer(1);

  @TempDir static Path folder;
  private static Path checkpoint;
  private static LanguageModel model;

  /** The refusal direction at its layer [D]. */
  private static float[] refusal;

  @BeforeAll
  static void load() throws IOException {
    checkpoint = PlantedModel.write(folder.resolve("planted"));
    model = LanguageModel.load(checkpoint);
    refusal =
        DirectionalAblation.difference(
            states(model, PlantedModel.harmful(), REFUSAL),
            states(model, PlantedModel.benign(), REFUSAL));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static float[][] states(LanguageModel some, List<Prompt> prompts, Layer layer) {
    return some.capture(prompts, Capture.lastPrompt(layer)).at(layer);
  }

  private static long refused(LanguageModel some, List<Prompt> prompts) {
    List<Completion> answers = some.generate(prompts, Generation.greedy(12));
    RefusalTally tally =
        RefusalTally.of(
            new StringRefusalJudge(),
            prompts.stream().map(p -> p.last().text()).toList(),
            answers.stream().map(Completion::text).toList());
    assertEquals(prompts.size(), tally.fullRefusal() + tally.fullCompliance(), "clear answers");
    return tally.fullRefusal();
  }

  private static ControlVector vector(float[] v, Layer layer) {
    return new ControlVector(
        new TreeMap<>(Map.of(layer, v)), new Provenance("test", Map.of(), 0, Map.of(), Map.of()));
  }

  @Test
  void withoutTheDirectionNothingIsRefusedNorByTheMergedWeights() {
    GatedEdit edit = DirectionalAblation.of(refusal, PlantedModel.BLOCKS, Map.of());
    edit.save(folder.resolve("ablation"));
    edit.merge(checkpoint, folder.resolve("merged"));
    try (LanguageModel view = model.with(Adapter.load(folder.resolve("ablation")));
        LanguageModel merged = LanguageModel.load(folder.resolve("merged"))) {
      for (LanguageModel some : List.of(view, merged)) {
        assertEquals(0, refused(some, PlantedModel.heldOutHarmful()));
        assertEquals(0, refused(some, PlantedModel.heldOutPseudoHarmful()));
        assertEquals(0, refused(some, PlantedModel.heldOutBenign()));
      }
    }
  }

  @Test
  void aConditionBringsRefusalBackForHarmfulPromptsOnly() {
    GatedEdit ablation = DirectionalAblation.of(refusal, PlantedModel.BLOCKS, Map.of());
    Layer top = new Layer(PlantedModel.BLOCKS);
    List<Prompt> harmful = PlantedModel.harmful();
    List<Prompt> benign = PlantedModel.benign().subList(0, harmful.size());
    try (LanguageModel tame = model.with(ablation)) {
      Capture capture = Capture.lastPrompt(DECOY, REFUSAL, top);
      SortedMap<Layer, float[][]> yes = tame.capture(harmful, capture).byLayer();
      SortedMap<Layer, float[][]> no = tame.capture(benign, capture).byLayer();
      ConditionalSteering.Condition condition =
          ConditionalSteering.fit(yes, no, yes, no, Reading.State.LAST_PROMPT);
      assertTrue(condition.f1() > 0.95, () -> "F1 " + condition.f1());
      GatedEdit edit = ConditionalSteering.edit(condition, vector(refusal, top), 2, Map.of());
      try (LanguageModel view = tame.with(edit)) {
        List<Prompt> bad = PlantedModel.heldOutHarmful();
        List<Prompt> good = PlantedModel.heldOutBenign();
        assertEquals(open(condition, tame, bad), refused(view, bad));
        assertEquals(open(condition, tame, good), refused(view, good));
        assertTrue(refused(view, bad) > 0.9 * bad.size());
        assertTrue(refused(view, good) < 0.1 * good.size());
      }
    }
  }

  /** The number of prompts that meet a condition. */
  private static long open(
      ConditionalSteering.Condition condition, LanguageModel some, List<Prompt> prompts) {
    Layer layer = condition.gate().reading().layer();
    return Arrays.stream(states(some, prompts, layer))
        .filter(h -> condition.gate().value(h) == 1)
        .count();
  }

  @Test
  void alphaSteerRefusesWhatAModelWithoutRefusalAnswers() {
    GatedEdit ablation = DirectionalAblation.of(refusal, PlantedModel.BLOCKS, Map.of());
    Layer top = new Layer(PlantedModel.BLOCKS);
    try (LanguageModel tame = model.with(ablation)) {
      GatedEdit edit =
          AlphaSteer.fit(
              new TreeMap<>(Map.of(top, states(tame, PlantedModel.benign(), top))),
              Map.of(top, states(tame, PlantedModel.harmful(), top)),
              Map.of(top, refusal),
              new AlphaSteer.Settings(0.5, 1e-3, 2, AlphaSteer.Form.EACH_TOKEN),
              Map.of());
      try (LanguageModel view = tame.with(edit)) {
        List<Prompt> bad = PlantedModel.heldOutHarmful();
        assertEquals(0, refused(tame, bad));
        assertEquals(bad.size(), refused(view, bad));
        assertEquals(0, refused(view, PlantedModel.heldOutBenign()));
        float[][] before = states(tame, PlantedModel.benign(), top);
        float[][] after = states(view, PlantedModel.benign(), top);
        for (int i = 0; i < before.length; i++) {
          for (int j = 0; j < before[i].length; j++) {
            assertEquals(before[i][j], after[i][j], 1e-3, "benign states stay");
          }
        }
      }
    }
  }

  @Test
  void adaSteerRefusesMoreWhatIsMoreHarmful() {
    GatedEdit ablation = DirectionalAblation.of(refusal, PlantedModel.BLOCKS, Map.of());
    try (LanguageModel tame = model.with(ablation)) {
      float[][] more = states(tame, PlantedModel.harmful(), DECOY);
      float[][] less = states(tame, PlantedModel.benign(), DECOY);
      float[] direction = DirectionalAblation.difference(more, less);
      AdaSteer.Law law =
          AdaSteer.fit(
              DECOY, more, less, direction, 2, vector(refusal, new Layer(PlantedModel.BLOCKS)));
      try (LanguageModel view = tame.with(AdaSteer.edit(List.of(law), Map.of()))) {
        List<Prompt> bad = PlantedModel.heldOutHarmful();
        RefusalTally tally =
            RefusalTally.of(
                new StringRefusalJudge(),
                bad.stream().map(p -> p.last().text()).toList(),
                view.generate(bad, Generation.greedy(3)).stream().map(Completion::text).toList());
        assertTrue(tally.fullRefusal() > 0.9 * bad.size(), tally::toString);
        assertEquals(0, refused(view, PlantedModel.heldOutBenign()));
      }
    }
  }
}
