package org.alignment4j.sysformer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.PromptGuard;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.testing.GuardContract;
import org.alignment4j.testing.RandomChatModel;
import org.alignment4j.testing.TunerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The tuners of guards, and the guard, keep the contracts. */
class SysformerContractTests {
  private static final List<GuardPrompt> TASK = new ArrayList<>();

  /** By the request, since a random model answers at random. */
  private static final RefusalJudge JUDGE =
      (request, answer) ->
          request.contains("steal") ? RefusalVerdict.FULL_REFUSAL : RefusalVerdict.FULL_COMPLIANCE;

  static {
    for (String what : List.of("bread", "song", "gold", "time")) {
      TASK.add(GuardPrompt.harmful("steal " + what));
      TASK.add(GuardPrompt.harmless("bake " + what));
    }
  }

  @TempDir static Path folder;
  private static LanguageModel model;
  private static SysformerGuard guard;

  @BeforeAll
  static void load() throws IOException {
    List<String> words = List.of("bake", "steal", "bread", "run", "song", "sorry", "sure", "user");
    model = LanguageModel.load(RandomChatModel.write(folder, words));
    guard =
        new SysformerGuard(
            model, sysformer(2, 1).tune(model, TASK, ProgressListener.NONE).adapter());
  }

  @AfterAll
  static void close() {
    guard.close();
    model.close();
  }

  private static SysformerTuner sysformer(int layers, long seed) {
    return SysformerTuner.builder()
        .systemText("run or sing")
        .layers(layers)
        .refusal("sorry")
        .affirmation("sure")
        .training(t -> t.epochs(2).batchSize(4).learningRate(3e-3))
        .seed(seed)
        .build();
  }

  private abstract static class Contract extends TunerContract<List<GuardPrompt>, Sysformer> {
    @Override
    protected LanguageModel model() {
      return model;
    }

    @Override
    protected List<GuardPrompt> data() {
      return TASK;
    }

    @Override
    protected List<GuardPrompt> none() {
      return List.of();
    }
  }

  @Nested
  class Adaptive extends Contract {
    @Override
    protected RepresentationTuner<List<GuardPrompt>, Sysformer> tuner(long seed) {
      return sysformer(2, seed);
    }
  }

  @Nested
  class Static extends Contract {
    @Override
    protected RepresentationTuner<List<GuardPrompt>, Sysformer> tuner(long seed) {
      return sysformer(0, seed);
    }
  }

  @Nested
  class Dro extends Contract {
    @Override
    protected RepresentationTuner<List<GuardPrompt>, Sysformer> tuner(long seed) {
      return DroTuner.builder()
          .systemText("run or sing")
          .training(t -> t.epochs(2).batchSize(4))
          .judge(JUDGE, 2)
          .seed(seed)
          .build();
    }
  }

  @Nested
  class Guard extends GuardContract {
    @Override
    protected PromptGuard guard() {
      return guard;
    }
  }
}
