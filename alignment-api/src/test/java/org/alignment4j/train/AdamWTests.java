package org.alignment4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.tensor.GradientScope;
import org.junit.jupiter.api.Test;

class AdamWTests {
  static {
    DjlDefaults.apply();
  }

  @Test
  void epsIsAddedAfterTheBiasCorrection() {
    // g as small as eps: torch's order gives lr * g / (|g| + eps) at step one, the other order does
    // not.
    try (NDManager scope = NDManager.newBaseManager(null, "PyTorch")) {
      NDArray p = scope.create(new float[] {1f});
      try (AdamW adam = new AdamW(List.of(p), AdamW.Settings.DEFAULT)) {
        adam.step(new NDList(scope.create(new float[] {1e-8f})), 0.1, Double.POSITIVE_INFINITY);
      }
      assertEquals(1 - 0.1 * 0.5, p.getFloat(), 1e-6);
    }
  }

  @Test
  void matchesAFloat64ReferenceOverManySteps() {
    try (NDManager scope = NDManager.newBaseManager(null, "PyTorch")) {
      float[] start = {0.5f, -1f, 2f};
      NDArray p = scope.create(start);
      double[] ref = {0.5, -1, 2};
      double[] m = new double[3];
      double[] v = new double[3];
      AdamW.Settings settings = new AdamW.Settings(0.9, 0.99, 1e-6, 0.1);
      try (AdamW adam = new AdamW(List.of(p), settings)) {
        for (int t = 1; t <= 50; t++) {
          float[] g = new float[3];
          for (int i = 0; i < 3; i++) {
            g[i] = (float) (Math.sin(t + i) * Math.pow(10, -2 * i));
            m[i] = 0.9 * m[i] + 0.1 * g[i];
            v[i] = 0.99 * v[i] + 0.01 * g[i] * g[i];
            double root = Math.sqrt(v[i] / (1 - Math.pow(0.99, t)));
            ref[i] -= 0.01 * 0.1 * ref[i];
            ref[i] -= 0.01 * (m[i] / (1 - Math.pow(0.9, t))) / (root + 1e-6);
          }
          adam.step(new NDList(scope.create(g)), 0.01, Double.POSITIVE_INFINITY);
        }
      }
      for (int i = 0; i < 3; i++) {
        assertEquals(ref[i], p.toFloatArray()[i], 2e-6);
      }
    }
  }

  @Test
  void clipsToTheJointNormAndReportsTheNormBefore() {
    try (NDManager scope = NDManager.newBaseManager(null, "PyTorch")) {
      NDArray a = scope.create(new float[] {0});
      NDArray b = scope.create(new float[] {0});
      NDList gradients = new NDList(scope.create(new float[] {3}), scope.create(new float[] {-4}));
      try (AdamW adam = new AdamW(List.of(a, b), AdamW.Settings.DEFAULT)) {
        assertEquals(5, adam.step(gradients, 0.1, 1).gradientNorm(), 1e-6);
      }
      assertArrayEquals(new float[] {0.6f}, gradients.get(0).toFloatArray(), 1e-5f);
      assertArrayEquals(new float[] {-0.8f}, gradients.get(1).toFloatArray(), 1e-5f);
    }
  }

  @Test
  void aSecondTrainingInTheProcessIsRefusedByName() {
    try (GradientScope first = GradientScope.open()) {
      assertNotNull(first);
      IllegalStateException e = assertThrows(IllegalStateException.class, GradientScope::open);
      assertEquals(true, e.getMessage().contains(Thread.currentThread().getName()));
    }
    GradientScope.open().close();
  }
}
