package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.internal.tensor.GradientScope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many threads, many calls: results agree, nothing is left behind, an interrupt ends the work. */
class SharedModelTests {
  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(TinyModels.write(folder.resolve("m"), Family.QWEN3, 0, 4));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static List<Encoded> prompts(int seed) {
    Random random = new Random(seed);
    return IntStream.range(0, 1 + seed % 5)
        .mapToObj(i -> TinyModels.prompt(TinyModels.ids(random, 1 + random.nextInt(12))))
        .toList();
  }

  private static float[][] work(int seed) {
    LanguageModel own = model;
    Layer layer = new Layer(seed % 4);
    if (seed % 3 == 1) {
      float[] v = new float[24];
      v[seed % 24] = 2;
      own = model.with(Steering.add(new Layer(1), v, 1));
    }
    TokenPositions where = seed % 2 == 0 ? TokenPositions.lastPrompt() : TokenPositions.all();
    return own.captureIds(prompts(seed), new Capture(List.of(layer), where)).at(layer);
  }

  @Test
  void twoHundredCapturesFromEightThreadsAgreeWithOneThread() throws Exception {
    List<float[][]> expected = IntStream.range(0, 200).mapToObj(SharedModelTests::work).toList();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<float[][]>> found = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        int seed = i;
        found.add(threads.submit(() -> work(seed)));
      }
      for (int i = 0; i < 200; i++) {
        float[][] rows = found.get(i).get();
        assertEquals(expected.get(i).length, rows.length);
        for (int r = 0; r < rows.length; r++) {
          assertTrue(TinyModels.relative(rows[r], expected.get(i)[r]) <= 1e-5, "capture " + i);
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void capturesGoOnBesideATraining() throws Exception {
    float[][] expected = work(6);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try (TrainableWeights weights = TrainableWeights.all(model);
        GradientScope gradients = GradientScope.open()) {
      java.util.Objects.requireNonNull(gradients);
      Future<?> captures =
          other.submit(
              () -> {
                for (int i = 0; i < 50; i++) {
                  float[][] rows = work(6);
                  for (int r = 0; r < rows.length; r++) {
                    assertArrayEquals(expected[r], rows[r], 1e-5f);
                  }
                }
              });
      while (!captures.isDone()) {
        try (NDManager scope = model.pass().manager().newSubManager()) {
          weights.crossEntropy(List.of(new Encoded(new int[] {3, 4, 5, 6}, 1)), scope);
        }
      }
      captures.get();
    } finally {
      other.shutdownNow();
    }
  }

  private static int arrays() {
    return model.pass().manager().getManagedArrays().size();
  }

  @Test
  void aThousandCallsLeaveNoArrayBehind() {
    work(1);
    int before = arrays();
    assertTrue(before > 20, "the weights are counted: " + before);
    // Capped: an array attached to the model's own manager is refused at once.
    model.pass().manager().cap();
    for (int i = 0; i < 1000; i++) {
      work(i % 40);
    }
    Generation few = Generation.greedy(3);
    for (int i = 0; i < 30; i++) {
      model.generateIds(List.of(new int[] {1, 2}, new int[] {3}), few);
      model.nextTokenLogitsIds(List.of(new int[] {1, 2}, new int[] {3}));
      assertThrows(
          IllegalArgumentException.class, () -> model.nextTokenLogitsIds(List.of(new int[] {99})));
    }
    assertEquals(before, arrays());
  }

  @Test
  void trainingAndViewsLeaveNoArrayBehind() throws IOException {
    try (LanguageModel own =
        LanguageModel.load(TinyModels.write(folder.resolve("own"), Family.LLAMA, 0, 3))) {
      int before = own.pass().manager().getManagedArrays().size();
      List<int[]> ids = List.of(new int[] {1, 2, 3}, new int[] {4, 5});
      for (int i = 0; i < 20; i++) {
        try (PrefixCache cache =
                PrefixCache.of(own, ids, new Layer(1), i % 2 * 1_000_000L, ProgressListener.NONE);
            TrainableBlock block = TrainableBlock.of(own, new Layer(2));
            NDManager scope = own.pass().manager().newSubManager();
            TrainableWeights weights = TrainableWeights.all(own);
            GradientScope gradients = GradientScope.open()) {
          java.util.Objects.requireNonNull(gradients);
          block.lastToken(cache, new int[] {0, 1}, true, scope);
          weights.crossEntropy(List.of(new Encoded(ids.get(0), 1)), scope);
          try (LanguageModel tuned = own.with(block.snapshot(TunedBlockTests.provenance()))) {
            tuned.nextTokenLogitsIds(ids);
          }
        }
      }
      assertEquals(before, own.pass().manager().getManagedArrays().size());
    }
  }

  @Test
  void anInterruptCancelsCaptureLogitsGenerationAndPrefix() {
    List<int[]> ids = List.of(new int[] {1, 2});
    for (Runnable call :
        List.<Runnable>of(
            () -> work(0),
            () -> model.nextTokenLogitsIds(ids),
            () -> model.generateIds(ids, Generation.greedy(5)),
            () -> PrefixCache.of(model, ids, new Layer(1), 1 << 20, ProgressListener.NONE))) {
      Thread.currentThread().interrupt();
      try {
        assertThrows(CancelledException.class, call::run);
        assertTrue(Thread.currentThread().isInterrupted(), "the flag stays for callers above");
      } finally {
        Thread.interrupted();
      }
    }
    work(0);
  }

  @Test
  void aClosedModelThrowsAndDoesNotCrash() throws IOException {
    LanguageModel own =
        LanguageModel.load(TinyModels.write(folder.resolve("closed"), Family.LLAMA, 0, 3));
    LanguageModel view = own.with(Steering.add(new Layer(1), new float[24], 1));
    own.close();
    own.close();
    for (LanguageModel m : List.of(own, view)) {
      assertThrows(IllegalStateException.class, () -> m.nextTokenLogitsIds(List.of(new int[] {1})));
      assertThrows(
          IllegalStateException.class,
          () -> m.generateIds(List.of(new int[] {1}), Generation.greedy(2)));
    }
  }
}
