package org.alignment4j.data.induction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.data.induction.ReversedInstructionTuner.ReversedTuning;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.testing.Shared;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** On public instructions with a small published model; needs the optional data. */
@Tag("slow")
@EnabledIfSystemProperty(
    named = "alignment4j.measure",
    matches = "true",
    disabledReason = "minutes; -Dalignment4j.measure=true")
class ReversedTuningMeasuredTests {
  private static final Logger LOG = LoggerFactory.getLogger(ReversedTuningMeasuredTests.class);

  /** The last 200 rows of UltraFeedback and each fifth seed task are never learned from. */
  private static InstructionSplit split() throws IOException {
    List<InstructionSplit.Row> ultra =
        read(
            Shared.path("data", "ultrafeedback", "ultrafeedback_1k.json"),
            o -> new String[] {text(o, "instruction"), text(o, "output")});
    List<InstructionSplit.Row> seeds =
        read(
            Shared.path("data", "self-instruct", "seed_tasks.jsonl"),
            o -> {
              JsonObject first = o.getAsJsonArray("instances").get(0).getAsJsonObject();
              String input = text(first, "input").strip();
              String instruction = text(o, "instruction").strip();
              return new String[] {
                input.isEmpty() ? instruction : instruction + "\n" + input, text(first, "output")
              };
            });
    assertEquals(1000, ultra.size());
    assertEquals(175, seeds.size());
    List<InstructionSplit.Row> training = new ArrayList<>(ultra.subList(0, 800));
    List<InstructionSplit.Row> heldOut = new ArrayList<>(ultra.subList(800, 1000));
    for (int i = 0; i < seeds.size(); i++) {
      (i % 5 == 4 ? heldOut : training).add(seeds.get(i));
    }
    return new InstructionSplit(training, heldOut);
  }

  private static List<InstructionSplit.Row> read(Path file, Function<JsonObject, String[]> texts)
      throws IOException {
    List<InstructionSplit.Row> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      String[] both = texts.apply(JsonParser.parseString(line).getAsJsonObject());
      rows.add(new InstructionSplit.Row(file.getFileName() + " " + rows.size(), both[0], both[1]));
    }
    return rows;
  }

  private static String text(JsonObject o, String key) {
    return o.get(key).getAsString();
  }

  @Test
  void theTrueInstructionsOfHeldOutRowsBecomeMoreLikely() throws IOException {
    ReversedTuning tuning = measure(Shared.path("fixtures", "tinystories-656k"), 3, 5e-3, false);
    ReversedTuning.HeldOut heldOut = tuning.heldOut().orElseThrow();
    assertTrue(heldOut.change().lo() > 1, heldOut.toString());
  }

  @Test
  void soTheyDoForTheDemonstrationModelInItsChatTemplate() throws IOException {
    Path folder = Path.of("..", "examples", "demo-model");
    assumeTrue(Files.exists(folder), "skipped: needs the demonstration model");
    ReversedTuning.HeldOut heldOut = measure(folder, 1, 1e-3, true).heldOut().orElseThrow();
    assertTrue(heldOut.change().lo() > 0, heldOut.toString());
  }

  private static ReversedTuning measure(Path folder, int epochs, double rate, boolean chat)
      throws IOException {
    InstructionSplit split = split();
    try (LanguageModel model = LanguageModel.load(folder)) {
      ReversedTuning tuning =
          ReversedInstructionTuner.builder()
              .training(
                  TrainingSettings.builder()
                      .epochs(epochs)
                      .batchSize(16)
                      .microBatchTokens(4096)
                      .learningRate(rate)
                      .schedule(Schedule.cosine().withWarmupRatio(0.03))
                      .maxGradientNorm(1)
                      .seed(7)
                      .build())
              .lora(
                  new TrainableLora.Shape(
                      16,
                      32,
                      0.05,
                      List.of(
                          "q_proj",
                          "k_proj",
                          "v_proj",
                          "o_proj",
                          "gate_proj",
                          "up_proj",
                          "down_proj")))
              .chatTemplate(chat)
              .build()
              .tune(model, split, ProgressListener.NONE);
      ReversedTuning.HeldOut heldOut = tuning.heldOut().orElseThrow();
      LOG.info(
          "{}; learned from {}; held out {}; {} s",
          tuning.reason(),
          tuning.counts(),
          heldOut,
          tuning.training().seconds());
      assertEquals(940, tuning.counts().rows());
      assertEquals(235, heldOut.counts().rows());
      assertTrue(tuning.counts().fewestTargetTokens() >= 4);
      assertTrue(tuning.counts().cut() > 0, "long responses are there");
      return tuning;
    }
  }
}
