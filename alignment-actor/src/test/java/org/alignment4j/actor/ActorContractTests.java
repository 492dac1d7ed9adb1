package org.alignment4j.actor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.PromptGuard;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.Layer;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.testing.GuardContract;
import org.alignment4j.testing.TunerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** ACTOR's tuner, and a guard on its probe, keep the contracts. */
class ActorContractTests {
  @TempDir static Path folder;
  private static LanguageModel model;
  private static PromptGuard guard;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(PlantedModel.write(folder));
    guard =
        PromptGuard.screening(ActorProbe.fit(model, PlantedModel.harmful(), PlantedModel.benign()));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private abstract static class Contract extends TunerContract<ActorPrompts, TunedBlock> {
    @Override
    protected LanguageModel model() {
      return model;
    }

    @Override
    protected ActorPrompts data() {
      return PlantedModel.tuningPrompts();
    }

    @Override
    protected ActorPrompts none() {
      return new ActorPrompts(List.of(), List.of(), List.of(), List.of(), List.of());
    }
  }

  @Nested
  class Gated extends Contract {
    @Override
    protected RepresentationTuner<ActorPrompts, TunedBlock> tuner(long seed) {
      return ActorTuner.builder()
          .layer(new Layer(PlantedModel.REFUSAL_LAYER))
          .training(t -> t.learningRate(1e-3).batchSize(16).epochs(3))
          .refreshEvery(10)
          .seed(seed)
          .build();
    }
  }

  @Nested
  class Ungated extends Contract {
    @Override
    protected RepresentationTuner<ActorPrompts, TunedBlock> tuner(long seed) {
      return ActorTuner.builder().training(t -> t.epochs(1)).noGate().seed(seed).build();
    }
  }

  @Nested
  class Screening extends GuardContract {
    @Override
    protected PromptGuard guard() {
      return guard;
    }
  }
}
