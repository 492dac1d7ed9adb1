package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.internal.tensor.GradientScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hazards of autograd: wrong, accumulated or missing gradients, two trainings at once. */
class GradientTests {
  private static final List<Encoded> DATA =
      List.of(new Encoded(new int[] {1, 5, 9, 30, 2, 8}, 2), new Encoded(new int[] {7, 4, 4}, 1));

  @TempDir Path folder;

  /** Sum of losses in float64 from the logits of the inference path. */
  private static double loss(LanguageModel model) {
    double sum = 0;
    for (Encoded e : DATA) {
      for (int p = e.responseStart(); p < e.ids().length; p++) {
        float[] z = model.nextTokenLogitsIds(List.of(java.util.Arrays.copyOf(e.ids(), p)))[0];
        double total = 0;
        for (float f : z) {
          total += Math.exp(f);
        }
        sum += Math.log(total) - z[e.ids()[p]];
      }
    }
    return sum;
  }

  /** Moves a parameter along a direction. */
  private static void move(NDArray parameter, float[] start, float[] direction, double by) {
    float[] moved = start.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (by * direction[i]);
    }
    parameter.set(FloatBuffer.wrap(moved));
  }

  @ParameterizedTest
  @CsvSource({
    "LLAMA,true,0",
    "LLAMA,false,0",
    "MISTRAL,true,3",
    "QWEN2,true,0",
    "QWEN3,false,0",
    "GEMMA,true,0",
    "GEMMA2,false,3",
    "PHI3,false,0"
  })
  void gradientsOfEveryParameterAgreeWithFiniteDifferences(Family family, boolean tied, int window)
      throws IOException {
    Random random = new Random(3);
    Path path = TinyModels.write(folder.resolve("m"), family, 2, tied, window, 8);
    try (LanguageModel model = LanguageModel.load(path);
        TrainableWeights weights = TrainableWeights.all(model);
        NDManager scope = model.pass().manager().newSubManager()) {
      NDList found;
      try (GradientScope gradients = GradientScope.open()) {
        java.util.Objects.requireNonNull(gradients);
        found = weights.crossEntropy(DATA, scope);
      }
      LanguageModel view = weights.view();
      assertEquals(loss(view), found.get(0).getFloat(), 1e-4);
      int n = weights.parameters().size();
      assertEquals(n, weights.parameterNames().size());
      for (int i = 0; i < n; i++) {
        NDArray parameter = weights.parameters().get(i);
        float[] gradient = found.get(1 + i).toFloatArray();
        float[] start = parameter.toFloatArray();
        // Half the gradient's direction and half noise: the derivative is large and all is seen.
        double norm = 0;
        for (float g : gradient) {
          norm += (double) g * g;
        }
        norm = Math.sqrt(norm);
        assertTrue(norm > 1e-4, weights.parameterNames().get(i) + " has a gradient");
        float[] direction = new float[start.length];
        double expected = 0;
        for (int k = 0; k < direction.length; k++) {
          direction[k] =
              (float) (gradient[k] / norm + 0.5 * random.nextGaussian() / Math.sqrt(start.length));
          expected += (double) direction[k] * gradient[k];
        }
        double h = 2e-3;
        move(parameter, start, direction, h);
        double up = loss(view);
        move(parameter, start, direction, -h);
        double down = loss(view);
        move(parameter, start, direction, 0);
        assertEquals(
            expected,
            (up - down) / (2 * h),
            2e-2 * Math.abs(expected) + 2e-3,
            weights.parameterNames().get(i));
      }
    }
  }

  @Test
  void gradientsDoNotAccumulateBetweenCalls() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 2);
    try (LanguageModel model = LanguageModel.load(path);
        TrainableWeights weights = TrainableWeights.all(model);
        NDManager scope = model.pass().manager().newSubManager();
        GradientScope gradients = GradientScope.open()) {
      java.util.Objects.requireNonNull(gradients);
      NDList first = weights.crossEntropy(DATA, scope);
      NDList second = weights.crossEntropy(DATA, scope);
      for (int i = 0; i < first.size(); i++) {
        assertArrayEquals(first.get(i).toFloatArray(), second.get(i).toFloatArray(), 1e-6f);
      }
    }
  }

  @Test
  void aSecondTrainingIsRefusedWhileOneRunsAndFreeAfterIt() {
    try (GradientScope first = GradientScope.open()) {
      java.util.Objects.requireNonNull(first);
      String message = assertThrows(IllegalStateException.class, GradientScope::open).getMessage();
      assertTrue(message.contains(Thread.currentThread().getName()), message);
    }
    GradientScope.open().close();
  }

  @Test
  void tensorsOfInferenceModeDoNotEnterAutograd() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 2);
    try (LanguageModel model = LanguageModel.load(path);
        TrainableBlock block = TrainableBlock.of(model, new Layer(1));
        PrefixCache cache =
            PrefixCache.of(
                model, List.of(new int[] {1, 2}), new Layer(0), 0, ProgressListener.NONE);
        NDManager scope = model.pass().manager().newSubManager();
        GradientScope gradients = GradientScope.open()) {
      java.util.Objects.requireNonNull(gradients);
      NDArray frozen = block.lastToken(cache, new int[] {0}, false, scope);
      // The engine refuses to train one and to keep one for a gradient: no silent wrong result.
      assertThrows(EngineException.class, () -> frozen.setRequiresGradient(true));
      assertThrows(EngineException.class, () -> frozen.mul(block.parameters().get(0)));
      NDArray live = block.lastToken(cache, new int[] {0}, true, scope);
      assertArrayEquals(frozen.toFloatArray(), live.toFloatArray(), 1e-5f);
    }
  }

  @Test
  void whatCannotBeLearntIsRefused() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 2);
    try (LanguageModel model = LanguageModel.load(path);
        TrainableWeights weights = TrainableWeights.all(model);
        NDManager scope = model.pass().manager().newSubManager()) {
      assertThrows(
          IllegalArgumentException.class,
          () -> weights.crossEntropy(List.of(new Encoded(new int[] {1, 99}, 1)), scope));
      assertThrows(
          IllegalArgumentException.class,
          () -> weights.crossEntropy(List.of(new Encoded(new int[] {1, 2}, 2)), scope));
    }
  }
}
