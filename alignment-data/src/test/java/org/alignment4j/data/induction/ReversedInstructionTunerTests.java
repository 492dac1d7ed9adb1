package org.alignment4j.data.induction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.data.induction.ReversedInstructionTuner.ReversedTuning;
import org.alignment4j.data.induction.ReversedInstructionTuner.ReversedTuning.Drop;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.alignment4j.tune.SupervisedObjective;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReversedInstructionTunerTests {
  private static final InstructionSplit ROWS =
      new InstructionSplit(InstructionTask.rows(12, 3), InstructionTask.rows(5, 4));

  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(InstructionTask.writeRandom(folder));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static ReversedSettings.Builder<ReversedInstructionTuner> tuner(Path checkpoints) {
    return ReversedInstructionTuner.builder()
        .training(
            TrainingSettings.builder()
                .epochs(3)
                .batchSize(4)
                .learningRate(1e-2)
                .seed(7)
                .checkpointEvery(1)
                .checkpointFolder(checkpoints)
                .build())
        .lora(new TrainableLora.Shape(2, 4, 0.2, List.of("q_proj", "v_proj")));
  }

  private static ReversedTuning tune(ReversedSettings.Builder<ReversedInstructionTuner> tuner) {
    return tuner.build().tune(model, ROWS, ProgressListener.NONE);
  }

  private static void assertSame(LoraAdapter expected, LoraAdapter found) {
    assertEquals(expected.targets(), found.targets());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void interruptedAndResumedGivesTheSameResultBitForBit(
      boolean chat, @TempDir Path whole, @TempDir Path parts) {
    ReversedTuning expected = tune(tuner(whole).chatTemplate(chat));
    ReversedInstructionTuner tuner = tuner(parts).chatTemplate(chat).build();
    Random random = new Random(chat ? 1 : 0);
    int interruptions = 0;
    for (int attempt = 0; attempt < 3; attempt++) {
      int[] left = {1 + random.nextInt(3)};
      try {
        tuner.tune(
            model,
            ROWS,
            p -> {
              if (--left[0] == 0) {
                Thread.currentThread().interrupt();
              }
            });
        break;
      } catch (CancelledException e) {
        assertTrue(Thread.interrupted());
        interruptions++;
      }
    }
    assertTrue(interruptions > 0);
    ReversedTuning found = tuner.tune(model, ROWS, ProgressListener.NONE);
    assertSame(expected.adapter(), found.adapter());
    assertEquals(expected.heldOut(), found.heldOut());
  }

  @Test
  void aCheckpointOfOtherRowsIsRefused(@TempDir Path checkpoints) {
    tune(tuner(checkpoints));
    InstructionSplit other = new InstructionSplit(InstructionTask.rows(12, 9), ROWS.heldOut());
    ReversedInstructionTuner tuner = tuner(checkpoints).build();
    assertThrows(CheckpointException.class, () -> tuner.tune(model, other, ProgressListener.NONE));
  }

  @Test
  void cancelsWhileItMeasures() {
    List<String> tasks = new ArrayList<>();
    assertThrows(
        CancelledException.class,
        () ->
            tuner(null)
                .build()
                .tune(
                    model,
                    ROWS,
                    p -> {
                      tasks.add(p.task());
                      if (p.task().endsWith("measure")) {
                        Thread.currentThread().interrupt();
                      }
                    }));
    assertTrue(Thread.interrupted());
    assertEquals(1, tasks.stream().filter(t -> t.endsWith("measure")).count());
  }

  @Test
  void theLossIsThatOfTheInstructionAndTheEndTokenAlone() {
    Encoded row =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 80)
            .encode(
                new InstructionSplit.Row(
                    "a", "say run and jump please", "well run then ".repeat(90)))
            .row()
            .orElseThrow()
            .row();
    int[] ids = row.ids();
    double expected = 0;
    // By hand: each of the last six tokens after all before it.
    for (int at = ids.length - 6; at < ids.length; at++) {
      float[] logits = model.nextTokenLogitsIds(List.of(Arrays.copyOf(ids, at)))[0];
      double sum = 0;
      for (float logit : logits) {
        sum += Math.exp(logit);
      }
      expected += Math.log(sum) - logits[ids[at]];
    }
    LoraAdapter start =
        TrainableLora.initial(
            model, new TrainableLora.Shape(2, 4, List.of("q_proj")), List.of(new Layer(1)), 1);
    try (TrainableLora lora = new TrainableLora(model, start);
        NDManager scope = NDManager.newBaseManager()) {
      SupervisedObjective objective = new SupervisedObjective(lora);
      var gradients = gradients(objective, row, scope);
      assertEquals(6, gradients.weight());
      assertEquals(expected, gradients.lossSum(), 1e-3);
    }
  }

  @SuppressWarnings("try") // the scope's use is that it is open
  private static SupervisedObjective.Gradients gradients(
      SupervisedObjective objective, Encoded row, NDManager scope) {
    try (GradientScope open = GradientScope.open()) {
      return objective.gradients(List.of(row), scope, 1);
    }
  }

  @Test
  void rowsAreCountedByWhatBecameOfThem() {
    List<InstructionSplit.Row> rows = new ArrayList<>(ROWS.training());
    rows.add(new InstructionSplit.Row("no response", "say run and jump", " "));
    rows.add(new InstructionSplit.Row("no instruction", "", "well run"));
    rows.add(new InstructionSplit.Row("short", "say run", "well run"));
    rows.add(new InstructionSplit.Row("long", "say run ".repeat(99), "well run"));
    rows.add(new InstructionSplit.Row("cut", "say run and", "well run ".repeat(99)));
    ReversedTuning tuning =
        tuner(null)
            .build()
            .tune(model, new InstructionSplit(rows, List.of()), ProgressListener.NONE);
    assertEquals(
        new ReversedTuning.Counts(
            17,
            13,
            Map.of(Drop.BLANK_RESPONSE, 1, Drop.SHORT_INSTRUCTION, 2, Drop.LONG_INSTRUCTION, 1),
            1,
            4,
            12 * 6 + 4),
        tuning.counts());
    assertTrue(tuning.heldOut().isEmpty());
    assertEquals(4, tuning.adapter().provenance().metrics().get("fewest_target_tokens"));
    BadDataException e =
        assertThrows(
            BadDataException.class,
            () ->
                tuner(null)
                    .build()
                    .tune(
                        model,
                        new InstructionSplit(rows.subList(13, 15), List.of()),
                        ProgressListener.NONE));
    assertTrue(e.getMessage().contains("SHORT_INSTRUCTION=2"), e.getMessage());
  }

  @Test
  void countsCannotHideARowWithoutLoss() {
    assertThrows(
        IllegalArgumentException.class, () -> new ReversedTuning.Counts(2, 2, Map.of(), 1, 0, 9));
    assertThrows(
        IllegalArgumentException.class, () -> new ReversedTuning.Counts(3, 2, Map.of(), 1, 4, 9));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ReversedEncoder.Row(new Encoded(new int[] {1, 2, 3, 4}, 4), true));
  }

  @Test
  void heldOutRowsAreMeasuredAndChangeNothing() {
    ReversedTuning tuning = tune(tuner(null));
    assertSame(
        tuner(null)
            .build()
            .tune(model, new InstructionSplit(ROWS.training(), List.of()), ProgressListener.NONE)
            .adapter(),
        tuning.adapter());
    ReversedTuning.HeldOut found = tuning.heldOut().orElseThrow();
    ReversedEncoder encoder =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 512);
    double[] before = new double[5];
    double[] after = new double[5];
    double[] other = new double[5];
    try (LanguageModel tuned = model.with(tuning.adapter())) {
      for (int i = 0; i < 5; i++) {
        InstructionSplit.Row row = ROWS.heldOut().get(i);
        before[i] = perToken(model, encoder, row);
        after[i] = perToken(tuned, encoder, row);
        other[i] =
            perToken(
                tuned,
                encoder,
                new InstructionSplit.Row(
                    "", row.instruction(), ROWS.heldOut().get((i + 1) % 5).response()));
      }
    }
    Bootstrap bootstrap = Bootstrap.withSeed(7);
    assertEquals(bootstrap.mean(before).estimate(), found.before(), 1e-5);
    assertEquals(bootstrap.mean(after).estimate(), found.after(), 1e-5);
    assertNear(bootstrap.pairedDifference(after, before), found.change());
    assertNear(bootstrap.pairedDifference(after, other), found.fromResponse());
    assertEquals(5, found.counts().used());
  }

  private static double perToken(
      LanguageModel judged, ReversedEncoder encoder, InstructionSplit.Row row) {
    Encoded encoded = encoder.encode(row).row().orElseThrow().row();
    return judged.logProbabilities(List.of(encoded))[0] / encoded.predictedLength();
  }

  private static void assertNear(Bootstrap.Interval expected, Bootstrap.Interval found) {
    assertEquals(expected.estimate(), found.estimate(), 1e-5);
    assertEquals(expected.lo(), found.lo(), 1e-5);
    assertEquals(expected.hi(), found.hi(), 1e-5);
  }

  @Tag("slow")
  @Test
  void learnsAFixedMappingFromResponsesBackToInstructions(@TempDir Path start) throws IOException {
    List<InstructionSplit.Row> training = InstructionTask.rows(192, 5);
    // No response is on both sides, so what is right was not learned by heart.
    Set<String> seen =
        training.stream().map(InstructionSplit.Row::response).collect(Collectors.toSet());
    InstructionSplit split =
        new InstructionSplit(
            training,
            InstructionTask.rows(48, 6).stream()
                .filter(r -> !seen.contains(r.response()))
                .toList());
    try (LanguageModel fluent = LanguageModel.load(InstructionTask.writeFluent(start))) {
      ReversedTuning tuning =
          ReversedInstructionTuner.builder()
              .training(
                  TrainingSettings.builder()
                      .epochs(8)
                      .batchSize(16)
                      .learningRate(1e-2)
                      .schedule(Schedule.linear().withWarmupRatio(0.1))
                      .maxGradientNorm(1)
                      .seed(1)
                      .build())
              .lora(
                  new TrainableLora.Shape(
                      8, 16, 0, List.of("q_proj", "v_proj", "o_proj", "up_proj", "down_proj")))
              .build()
              .tune(fluent, split, ProgressListener.NONE);
      ReversedTuning.HeldOut heldOut = tuning.heldOut().orElseThrow();
      double before = right(fluent, split.heldOut());
      try (LanguageModel tuned = fluent.with(tuning.adapter())) {
        double after = right(tuned, split.heldOut());
        String figures = before + " " + after + " " + heldOut;
        assertTrue(before <= 0.2 && after >= 0.9, figures);
        assertTrue(heldOut.change().lo() > 0.2, figures);
        assertTrue(heldOut.fromResponse().lo() > 0.2, figures);
        assertTrue(heldOut.fromResponse().lo() > heldOut.fromResponseBefore().hi(), figures);
      }
    }
  }

  /** The share of rows whose likeliest instruction is the true one. */
  private static double right(LanguageModel judged, List<InstructionSplit.Row> rows) {
    ReversedEncoder encoder =
        new ReversedEncoder(judged, ReversedSettings.Template.SHORT, false, 128);
    List<int[]> prompts = rows.stream().map(r -> encoder.prompt(r.response(), 116)).toList();
    List<Completion> found = judged.generateIds(prompts, Generation.greedy(12));
    int right = 0;
    for (int i = 0; i < rows.size(); i++) {
      right += found.get(i).text().equals(rows.get(i).instruction()) ? 1 : 0;
    }
    return (double) right / rows.size();
  }
}
