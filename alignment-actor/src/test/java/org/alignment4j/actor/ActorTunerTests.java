package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Family;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.AdamW;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tuning on token sequences: the prefix cache, checkpoints, settings; hazards by their numbers. */
class ActorTunerTests {
  private static final Layer LAYER = new Layer(2);
  private static final List<int[]> SEQUENCES = RandomModel.sequences(12);
  private static final List<PromptClass> CLASSES = new ArrayList<>();

  @TempDir static Path shared;
  @TempDir Path folder;
  private static LanguageModel model;
  private static RefusalAxis axis;

  @BeforeAll
  static void load() {
    model =
        LanguageModel.load(
            RandomModel.write(shared.resolve("m"), Family.LLAMA, StorageType.F32, 9));
    for (PromptClass c :
        List.of(PromptClass.HARMFUL, PromptClass.BENIGN, PromptClass.PSEUDO_HARMFUL)) {
      CLASSES.addAll(Collections.nCopies(4, c));
    }
    float[][] a =
        model
            .captureIds(
                SEQUENCES.stream().map(s -> new Encoded(s, s.length)).toList(),
                Capture.lastPrompt(LAYER))
            .at(LAYER);
    axis =
        ActorProbe.axis(
            java.util.Arrays.copyOfRange(a, 0, 4), java.util.Arrays.copyOfRange(a, 4, 8));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  private static ActorSettings.Builder<ActorTuner> settings() {
    return ActorTuner.builder()
        .noGate()
        .layer(LAYER)
        .training(t -> t.learningRate(1e-3).batchSize(4).epochs(3))
        .refreshEvery(2);
  }

  private static ActorTuning tune(ActorSettings.Builder<ActorTuner> settings) {
    return tune(settings, model, ProgressListener.NONE);
  }

  private static ActorTuning tune(
      ActorSettings.Builder<ActorTuner> settings, LanguageModel some, ProgressListener progress) {
    return settings
        .build()
        .tuneIds(
            some,
            new ActorTuner.Sequences(SEQUENCES, CLASSES, axis.direction(), axis.benignMean()),
            progress);
  }

  private static void assertSame(TunedBlock expected, TunedBlock found, float tolerance) {
    assertEquals(expected.tensors().keySet(), found.tensors().keySet());
    expected
        .tensors()
        .forEach(
            (name, w) ->
                assertArrayEquals(w.values(), found.tensors().get(name).values(), tolerance, name));
  }

  @Test
  void hazard4TheMedianGradientIsReportedInUnitsOfEps() {
    double fine =
        first(settings().training(t -> t.optimizer(new AdamW.Settings(0.9, 0.999, 1e-8, 0))));
    double coarse =
        first(settings().training(t -> t.optimizer(new AdamW.Settings(0.9, 0.999, 1e-6, 0))));
    assertTrue(fine > 0);
    assertEquals(100, fine / coarse, 0.1);
  }

  private static double first(ActorSettings.Builder<ActorTuner> settings) {
    return tune(settings).training().history().get(0).medianGradientOverEps();
  }

  @Test
  void hazard8ThreeEpochsFromTheCacheGiveTheBlockOfThreeWithout() {
    TunedBlock cached = tune(settings()).adapter();
    assertSame(tune(settings().cachePrefix(false)).adapter(), cached, 1e-5f);
    assertTrue(
        !java.util.Arrays.equals(
            cached.tensors().get("mlp.down_proj.weight").values(),
            tune(settings().training(t -> t.epochs(1)))
                .adapter()
                .tensors()
                .get("mlp.down_proj.weight")
                .values()));
  }

  @Test
  void hazard8AMappedCacheGivesTheSameBlockBitForBit() {
    assertSame(tune(settings()).adapter(), tune(settings().cacheBytes(0)).adapter(), 0);
  }

  @Test
  void hazard8NoBlockAboveTheTunedOneRuns() {
    Path broken =
        RandomModel.write(folder.resolve("broken"), Family.LLAMA, StorageType.F32, LAYER.index());
    try (LanguageModel other = LanguageModel.load(broken)) {
      float[] logits = other.nextTokenLogitsIds(SEQUENCES.subList(0, 1))[0];
      assertTrue(Float.isNaN(logits[0]), "the blocks above are not broken");
      assertSame(
          tune(settings()).adapter(), tune(settings(), other, ProgressListener.NONE).adapter(), 0);
    }
  }

  @Test
  void cancelledAnywhereAndResumedItEndsWithTheSameBlockBitForBit() {
    ActorTuning expected = tune(settings());
    for (int n : new int[] {1, 2, 3, 6, 8}) {
      Path kept = folder.resolve("at" + n);
      ProgressListener cancel =
          p -> {
            if (p.metrics().containsKey("loss") && p.done() == n) {
              Thread.currentThread().interrupt();
            }
          };
      int every = n % 2;
      assertThrows(
          CancelledException.class,
          () ->
              tune(
                  settings().training(t -> t.checkpointFolder(kept).checkpointEvery(every)),
                  model,
                  cancel));
      assertTrue(Thread.interrupted());
      List<Long> steps = new ArrayList<>();
      ActorTuning resumed =
          tune(
              settings().training(t -> t.checkpointFolder(kept).checkpointEvery(every)),
              model,
              p -> {
                if (p.metrics().containsKey("loss")) {
                  steps.add(p.done());
                }
              });
      assertEquals(n + 1, steps.get(0), "it went on where it was");
      assertSame(expected.adapter(), resumed.adapter(), 0);
      assertEquals(expected.training().history(), resumed.training().history());
    }
  }

  @Test
  void aFinishedTuningGivesItsResultAgain() {
    ActorTuning first =
        tune(settings().training(t -> t.checkpointFolder(folder).checkpointEvery(0)));
    ActorTuning again =
        tune(
            settings().training(t -> t.checkpointFolder(folder).checkpointEvery(0)),
            model,
            p -> assertTrue(!p.metrics().containsKey("loss"), "it trained"));
    assertSame(first.adapter(), again.adapter(), 0);
    assertEquals(first.training().history(), again.training().history());
  }

  @Test
  void aCheckpointOfOtherDataModelOrSettingsIsRefused() {
    tune(settings().training(t -> t.checkpointFolder(folder).checkpointEvery(0)));
    assertRefused(settings().alpha(0.31), model, CLASSES, axis.benignMean());
    assertRefused(
        settings().target(ActorSettings.Target.PUBLISHED), model, CLASSES, axis.benignMean());
    assertRefused(settings().anchors(3), model, CLASSES, axis.benignMean());
    List<PromptClass> classes = new ArrayList<>(CLASSES);
    Collections.reverse(classes);
    assertRefused(settings(), model, classes, axis.benignMean());
    double[] mean = axis.benignMean();
    mean[0] += 1e-9;
    assertRefused(settings(), model, CLASSES, mean);
    Path file = RandomModel.write(folder.resolve("half"), Family.LLAMA, StorageType.BF16, 9);
    try (LanguageModel other = LanguageModel.load(file)) {
      assertRefused(settings(), other, CLASSES, axis.benignMean());
    }
  }

  private void assertRefused(
      ActorSettings.Builder<ActorTuner> settings,
      LanguageModel some,
      List<PromptClass> classes,
      double[] benignMean) {
    ActorTuner tuner =
        settings.training(t -> t.checkpointFolder(folder).checkpointEvery(0)).build();
    CheckpointException e =
        assertThrows(
            CheckpointException.class,
            () ->
                tuner.tuneIds(
                    some,
                    new ActorTuner.Sequences(SEQUENCES, classes, axis.direction(), benignMean),
                    ProgressListener.NONE));
    assertTrue(e.getMessage().contains("of another training"), e::getMessage);
  }

  @Test
  void sequencesThatTheModelCannotReadAreNamed() {
    List<int[]> sequences = new ArrayList<>(SEQUENCES);
    for (int[] bad : List.of(new int[0], new int[RandomModel.CONTEXT + 1], new int[] {1, -1})) {
      sequences.set(7, bad);
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  settings()
                      .build()
                      .tuneIds(
                          model,
                          new ActorTuner.Sequences(
                              sequences, CLASSES, axis.direction(), axis.benignMean()),
                          ProgressListener.NONE));
      assertTrue(e.getMessage().contains("sequence 7"), e::getMessage);
    }
  }

  @Test
  void aRefreshWithoutBothClassesIsRefusedAtOnce() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                settings()
                    .build()
                    .tuneIds(
                        model,
                        new ActorTuner.Sequences(
                            SEQUENCES,
                            Collections.nCopies(12, PromptClass.HARMFUL),
                            axis.direction(),
                            axis.benignMean()),
                        ProgressListener.NONE));
    assertTrue(e.getMessage().contains("benign"), e::getMessage);
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> settings().classWeights(0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> settings().classWeights(1, -1, 1));
    assertThrows(IllegalArgumentException.class, () -> settings().classWeights(1, Double.NaN, 1));
    assertThrows(IllegalArgumentException.class, () -> settings().alpha(0).build());
    assertThrows(
        IllegalArgumentException.class,
        () -> settings().training(t -> t.learningRate(Double.POSITIVE_INFINITY)).build());
    assertThrows(
        IllegalArgumentException.class,
        () -> settings().training(t -> t.checkpointFolder(folder).checkpointEvery(-1)).build());
    assertThrows(
        IllegalArgumentException.class,
        () -> settings().gate(ActorSettings.Gate.DEFAULT).refreshEvery(0).build());
  }
}
