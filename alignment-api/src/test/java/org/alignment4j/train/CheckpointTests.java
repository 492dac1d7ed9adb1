package org.alignment4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.train.TinyObjective.Row;
import org.alignment4j.train.TrainingLoop.Evaluator.Evaluation;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTests {
  private static final List<Row> DATA = TinyObjective.data(50);
  private static TrainingResult uninterrupted;
  private static float[] expected;

  @TempDir Path folder;

  private TrainingSettings.Builder settings() {
    return base().checkpointEvery(1).checkpointFolder(folder);
  }

  private static TrainingSettings.Builder base() {
    return TrainingSettings.builder()
        .epochs(3)
        .batchSize(8)
        .microBatchSize(3)
        .groupByLength(true)
        .learningRate(0.02)
        .schedule(Schedule.cosine().withWarmupRatio(0.1))
        .maxGradientNorm(1)
        .evaluateEvery(4)
        .seed(3);
  }

  /** Scores are worst at the end, so that keeping the best one matters. */
  private static TrainingLoop.Builder<Row> loop(
      TrainingSettings settings, TinyObjective objective) {
    return TrainingLoop.<Row>builder(settings)
        .fingerprint("tiny data")
        .length(Row::length)
        .evaluator(
            step ->
                new Evaluation(
                    -Math.abs(step - 9) + objective.values()[0], true, false, java.util.Map.of()));
  }

  private static TrainingResult run(TrainingSettings settings, TinyObjective objective) {
    return loop(settings, objective).build().run(DATA, objective, ProgressListener.NONE);
  }

  @BeforeAll
  static void trainWithoutInterruption() {
    try (TinyObjective objective = new TinyObjective(true)) {
      uninterrupted = run(base().build(), objective);
      expected = objective.values();
      assertEquals(8, uninterrupted.resultStep());
    }
  }

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  private static void assertSame(TrainingResult result, TinyObjective objective) {
    assertArrayEquals(expected, objective.values());
    assertEquals(uninterrupted.history(), result.history());
    assertEquals(uninterrupted.evaluations(), result.evaluations());
    assertEquals(uninterrupted.best(), result.best());
    assertEquals(uninterrupted.stopReason(), result.stopReason());
    assertEquals(uninterrupted.resultStep(), result.resultStep());
    assertEquals(uninterrupted.finalLoss(), result.finalLoss());
  }

  private void cancelAtGradient(int n, TrainingSettings settings) {
    try (TinyObjective objective = new TinyObjective(true)) {
      AtomicInteger calls = new AtomicInteger();
      objective.onGradients =
          () -> {
            if (calls.incrementAndGet() == n) {
              Thread.currentThread().interrupt();
            }
          };
      assertThrows(CancelledException.class, () -> run(settings, objective));
      assertTrue(Thread.interrupted(), "the interrupt stays visible");
      assertEquals(3, NativeMemory.arrays(objective.manager));
    }
  }

  @Test
  void cancelledAnywhereAndResumedItEndsWithTheSameWeightsBitForBit() throws IOException {
    // 7 steps an epoch of up to 3 micro batches: inside steps, before evaluations, in the last one.
    for (int n : new int[] {1, 2, 13, 24, 33, 57}) {
      TrainingSettings rarely = settings().checkpointEvery(n == 24 ? 0 : 5).build();
      cancelAtGradient(n, rarely);
      try (TinyObjective objective = new TinyObjective(true)) {
        assertSame(run(rarely, objective), objective);
      }
      Files.delete(folder.resolve(CheckpointFolder.FILE));
    }
  }

  @Test
  void cancelledAgainAndAgain() {
    TrainingSettings settings = settings().checkpointEvery(0).build();
    for (int i = 0; i < 9; i++) {
      cancelAtGradient(4 + i % 3, settings);
    }
    try (TinyObjective objective = new TinyObjective(true)) {
      assertSame(run(settings, objective), objective);
    }
  }

  @Test
  void cancelledInAnEvaluationItIsMadeAgain() {
    TrainingSettings settings = settings().checkpointEvery(0).build();
    try (TinyObjective objective = new TinyObjective(true)) {
      TrainingLoop<Row> loop =
          loop(settings, objective)
              .evaluator(
                  step -> {
                    throw new CancelledException("evaluation was cancelled");
                  })
              .build();
      assertThrows(
          CancelledException.class, () -> loop.run(DATA, objective, ProgressListener.NONE));
    }
    try (TinyObjective objective = new TinyObjective(true)) {
      assertSame(run(settings, objective), objective);
    }
  }

  @Test
  void aFailureBetweenCheckpointsGoesOnFromTheLastOne() {
    TrainingSettings settings = settings().checkpointEvery(5).build();
    try (TinyObjective objective = new TinyObjective(true)) {
      TrainingLoop<Row> loop = loop(settings, objective).build();
      assertThrows(
          ArithmeticException.class,
          () ->
              loop.run(
                  DATA,
                  objective,
                  p -> {
                    if (p.done() == 12) {
                      throw new ArithmeticException("power cut");
                    }
                  }));
    }
    try (TinyObjective objective = new TinyObjective(true)) {
      AtomicInteger steps = new AtomicInteger();
      TrainingResult result =
          loop(settings, objective)
              .build()
              .run(DATA, objective, p -> steps.addAndGet(p.task().equals("train") ? 1 : 0));
      assertSame(result, objective);
      assertEquals(21 - 10, steps.get());
    }
  }

  @Test
  void aFinishedTrainingGivesItsResultAgainWithoutTraining() {
    for (int i = 0; i < 2; i++) {
      try (TinyObjective objective = new TinyObjective(true)) {
        assertSame(run(settings().build(), objective), objective);
        assertEquals(i == 1, objective.seen.isEmpty());
      }
    }
  }

  @Test
  void anInterruptBeforeTheStartLeavesTheCheckpointAsItWas() throws IOException {
    cancelAtGradient(30, settings().build());
    byte[] before = Files.readAllBytes(folder.resolve(CheckpointFolder.FILE));
    try (TinyObjective objective = new TinyObjective(true)) {
      Thread.currentThread().interrupt();
      assertThrows(CancelledException.class, () -> run(settings().build(), objective));
      assertTrue(Thread.interrupted());
    }
    assertArrayEquals(before, Files.readAllBytes(folder.resolve(CheckpointFolder.FILE)));
  }

  private CheckpointException refused(TrainingSettings settings, List<Row> data, String print) {
    try (TinyObjective objective = new TinyObjective(true)) {
      float[] before = objective.values();
      TrainingLoop<Row> loop = loop(settings, objective).fingerprint(print).build();
      CheckpointException e =
          assertThrows(
              CheckpointException.class, () -> loop.run(data, objective, ProgressListener.NONE));
      assertArrayEquals(before, objective.values());
      assertEquals(3, NativeMemory.arrays(objective.manager));
      return e;
    }
  }

  @Test
  void aCheckpointOfOtherSettingsOrDataIsRefusedByName() {
    cancelAtGradient(30, settings().build());
    String message = refused(settings().learningRate(0.03).build(), DATA, "tiny data").getMessage();
    assertTrue(message.contains("learning_rate 0.03, found 0.02"), message);
    message = refused(settings().build(), TinyObjective.data(51), "tiny data").getMessage();
    assertTrue(message.contains("rows 51, found 50"), message);
    message = refused(settings().build(), DATA, "other data").getMessage();
    assertTrue(message.contains("fingerprint other data, found tiny data"), message);
    try (TinyObjective objective = new TinyObjective(true)) {
      TrainingSettings elsewhen = settings().checkpointEvery(7).build();
      assertSame(run(elsewhen, objective), objective); // how often it is written does not matter
    }
  }

  @Test
  void aDamagedCheckpointIsRefused() throws IOException {
    cancelAtGradient(30, settings().build());
    Path file = folder.resolve(CheckpointFolder.FILE);
    byte[] good = Files.readAllBytes(file);
    int stateAt = new String(good, StandardCharsets.ISO_8859_1).indexOf("identity");
    Random random = new Random(1);
    for (int i = 0; i < 60; i++) {
      byte[] bad = good.clone();
      // The tensors' bytes, the state's text, or anywhere.
      int at =
          i % 3 == 0
              ? good.length - 1 - random.nextInt(600)
              : i % 3 == 1 ? stateAt + random.nextInt(2000) : random.nextInt(good.length - 40);
      bad[at] ^= (byte) (1 << random.nextInt(7));
      Files.write(file, bad);
      if (bad[at] == ' ' || good[at] == ' ') {
        continue; // padding of the header
      }
      String message = refused(settings().build(), DATA, "tiny data").getMessage();
      assertTrue(message.contains(CheckpointFolder.FILE), message);
    }
    for (int length : new int[] {0, 7, 100, good.length / 2, good.length - 1}) {
      Files.write(file, java.util.Arrays.copyOf(good, length));
      refused(settings().build(), DATA, "tiny data");
    }
    Files.write(file, good);
    try (TinyObjective objective = new TinyObjective(true)) {
      assertSame(run(settings().build(), objective), objective);
    }
  }

  @Test
  void leftoversOfAKilledWriterAreRemoved() throws IOException {
    Path leftover = folder.resolve("." + CheckpointFolder.FILE + ".123.tmp");
    Files.writeString(leftover, "half a checkpoint");
    try (TinyObjective objective = new TinyObjective(true)) {
      assertSame(run(settings().build(), objective), objective);
    }
    assertFalse(Files.exists(leftover));
    try (Stream<Path> all = Files.list(folder)) {
      assertEquals(
          List.of(".training.lock", CheckpointFolder.FILE),
          all.map(p -> p.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void aFolderInUseIsRefused() throws IOException {
    try (FileChannel channel =
            FileChannel.open(
                folder.resolve(".training.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      assertTrue(lock.isValid());
      String message = refused(settings().build(), DATA, "tiny data").getMessage();
      assertTrue(message.contains("another training"), message);
    }
  }

  @Test
  void aFolderThatCannotBeMadeIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    refused(settings().checkpointFolder(file).build(), DATA, "tiny data");
  }

  @Test
  void readsBackWhatItWroteWithUnusualNamesAndValues() {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
        CheckpointFolder open = CheckpointFolder.open(folder)) {
      float[] odd = {0f, -0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN, -1e-45f, 3};
      NDArray tensor = manager.create(odd);
      NDArray scalar = manager.create(7f);
      java.util.Map<String, NDArray> tensors =
          java.util.Map.of("parameter.a \"b\" \u00e9", tensor, "steps.x", scalar);
      TrainingState state =
          new TrainingState(
              java.util.Map.of("k", "v"),
              3,
              2,
              null,
              new TrainingResult.EvaluationRecord(
                  2, new Evaluation(1 / 3.0, true, false, java.util.Map.of("x", Double.NaN))),
              List.of(),
              List.of(),
              null,
              0.1);
      open.write(state, tensors, java.util.Map.of("r", new float[] {1, 2}, "empty", new float[0]));
      TrainKernels.assign(
          List.of(tensor, scalar), new NDList(tensor.zerosLike(), scalar.zerosLike()), manager);
      CheckpointFolder.Restored restored = open.read(java.util.Map.of("k", "v"), tensors, manager);
      assertEquals(state, restored.state());
      assertArrayEquals(odd, tensor.toFloatArray());
      assertEquals(7f, scalar.getFloat());
      assertArrayEquals(new float[] {1, 2}, restored.objective().get("r"));
      assertEquals(0, restored.objective().get("empty").length);
    }
  }
}
