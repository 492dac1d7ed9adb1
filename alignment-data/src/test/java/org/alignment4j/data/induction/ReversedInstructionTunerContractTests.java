package org.alignment4j.data.induction;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.testing.TunerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class ReversedInstructionTunerContractTests extends TunerContract<InstructionSplit, LoraAdapter> {
  private static final InstructionSplit ROWS =
      new InstructionSplit(InstructionTask.rows(8, 3), InstructionTask.rows(3, 4));

  @TempDir static Path start;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(InstructionTask.writeRandom(start));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Override
  protected LanguageModel model() {
    return model;
  }

  @Override
  protected RepresentationTuner<InstructionSplit, LoraAdapter> tuner(long seed) {
    return ReversedInstructionTuner.builder()
        .training(t -> t.epochs(1).batchSize(4).learningRate(1e-2))
        .seed(seed)
        .build();
  }

  @Override
  protected InstructionSplit data() {
    return ROWS;
  }

  @Override
  protected InstructionSplit none() {
    return new InstructionSplit(List.of(), List.of());
  }
}
