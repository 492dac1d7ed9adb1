package org.alignment4j.sysformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.OverRefusal.ComplianceSummary.RefusalGap;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerSettings.LossWeights;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.testing.RandomChatModel;
import org.alignment4j.train.TrainingSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SysformerGridTests {
  private static final RefusalJudge JUDGE =
      (prompt, answer) ->
          answer.contains("sorry") ? RefusalVerdict.FULL_REFUSAL : RefusalVerdict.FULL_COMPLIANCE;

  private static final SysformerSettings BASE =
      SysformerSettings.builder()
          .systemText("run or sing")
          .refusal("sorry")
          .affirmation("sure")
          .training(TrainingSettings.builder().epochs(4).batchSize(4).learningRate(1e-2).build())
          .build();

  @Test
  void thePapersGridHas64DifferentSettings() {
    List<SysformerSettings> all = SysformerTuner.Grid.paper(BASE);
    assertEquals(64, all.stream().distinct().count());
    assertEquals(16, SysformerTuner.Grid.weights(BASE).stream().distinct().count());
    assertTrue(all.stream().allMatch(s -> s.refusal().equals("sorry")));
  }

  @Test
  void ofEqualDifferencesTheFirstWins() {
    Rate none = new Rate(0, 4);
    Rate half = new Rate(2, 4);
    Rate all = new Rate(4, 4);
    List<RefusalGap> gaps =
        List.of(
            new RefusalGap(all, all), // refuses everything
            new RefusalGap(half, none),
            new RefusalGap(all, half));
    assertEquals(1, SysformerTuner.Grid.best(gaps));
    assertEquals(0, SysformerTuner.Grid.best(gaps.subList(0, 1)));
  }

  @Test
  void theHighestDifferenceIsChosen(@TempDir Path folder) throws Exception {
    List<GuardPrompt> train = new ArrayList<>();
    List<GuardPrompt> held = new ArrayList<>();
    for (String what : List.of("bread", "song", "gold", "a house", "time", "ink")) {
      List<GuardPrompt> to = what.length() == 4 && !what.equals("gold") ? held : train;
      to.add(GuardPrompt.harmful("steal " + what));
      to.add(GuardPrompt.harmless("bake " + what));
    }
    List<SysformerSettings> tried =
        List.of(
            BASE.toBuilder().weights(new LossWeights(1, 0, 0, 0)).build(),
            BASE.toBuilder().weights(new LossWeights(1, 1, 0, 0)).build());
    List<String> words = List.of("bake", "steal", "bread", "run", "song", "sorry", "sure", "user");
    try (LanguageModel model = LanguageModel.load(RandomChatModel.write(folder, words))) {
      SysformerTuner.Grid.Choice choice =
          new SysformerTuner.Grid(tried, JUDGE, Generation.greedy(4))
              .run(model, train, held, ProgressListener.NONE);
      List<RefusalGap> gaps =
          choice.trials().stream().map(SysformerTuner.Grid.Trial::validation).toList();
      assertEquals(SysformerTuner.Grid.best(gaps), choice.best());
      assertEquals(2, gaps.get(0).harmful().n());
      assertEquals(
          new SysformerTuner(tried.get(choice.best()))
              .tune(model, train, ProgressListener.NONE)
              .adapter(),
          choice.tuning().adapter());
    }
  }
}
