package org.alignment4j.rahf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.core.Layer;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.Instructions;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.testing.TunerContract;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** {@link PreferenceTuner} keeps the contract by every method. */
class PreferenceTunerContractTests {
  private static final List<PreferencePair> PAIRS = StyleTask.pairs(8, 3);

  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(StyleTask.writeRandom(folder));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private abstract static class Contract extends TunerContract<List<PreferencePair>, LoraAdapter> {
    private final PreferenceMethod method;

    Contract(PreferenceMethod method) {
      this.method = method;
    }

    @Override
    protected LanguageModel model() {
      return model;
    }

    @Override
    protected RepresentationTuner<List<PreferencePair>, LoraAdapter> tuner(long seed) {
      return PreferenceTuner.builder(method)
          .lora(new TrainableLora.Shape(2, 4, 0.2, List.of("q_proj", "v_proj")))
          .training(t -> t.epochs(1).batchSize(4).learningRate(1e-2))
          .instructions(new Instructions("good", "bad"))
          .layers(List.of(new Layer(2), new Layer(4)))
          .seed(seed)
          .build();
    }

    @Override
    protected List<PreferencePair> data() {
      return PAIRS;
    }

    @Override
    protected List<PreferencePair> none() {
      return List.of();
    }
  }

  @Nested
  class Sft extends Contract {
    Sft() {
      super(PreferenceMethod.SFT);
    }
  }

  @Nested
  class Dpo extends Contract {
    Dpo() {
      super(PreferenceMethod.DPO);
    }
  }

  @Nested
  class Hir extends Contract {
    Hir() {
      super(PreferenceMethod.HIR);
    }
  }

  @Nested
  class Lorra extends Contract {
    Lorra() {
      super(PreferenceMethod.LORRA);
    }
  }

  @Nested
  class RahfScit extends Contract {
    RahfScit() {
      super(PreferenceMethod.RAHF_SCIT);
    }
  }

  @Nested
  class RahfDual extends Contract {
    RahfDual() {
      super(PreferenceMethod.RAHF_DUAL);
    }
  }

  @Nested
  class WeightsExtrapolated extends Contract {
    WeightsExtrapolated() {
      super(PreferenceMethod.WEIGHT_EXTRAPOLATION);
    }
  }

  @Nested
  class CircuitBreakers extends Contract {
    CircuitBreakers() {
      super(PreferenceMethod.CIRCUIT_BREAKERS);
    }
  }

  /** {@link PreferenceTuner.Loreft} keeps it too. */
  @Nested
  class Loreft extends TunerContract<List<PreferencePair>, GatedEdit> {
    @Override
    protected LanguageModel model() {
      return model;
    }

    @Override
    protected RepresentationTuner<List<PreferencePair>, GatedEdit> tuner(long seed) {
      return PreferenceTuner.Loreft.builder()
          .rank(2)
          .training(t -> t.epochs(1).batchSize(4).learningRate(1e-2))
          .seed(seed)
          .build();
    }

    @Override
    protected List<PreferencePair> data() {
      return PAIRS;
    }

    @Override
    protected List<PreferencePair> none() {
      return List.of();
    }
  }
}
