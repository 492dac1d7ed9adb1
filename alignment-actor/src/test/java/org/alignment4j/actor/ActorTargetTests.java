package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.UnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The targets of ACTOR and, named by number, the hazards of its formulas. */
class ActorTargetTests {
  private static final double PUBLISHED_ALPHA = 0.0015;

  /** R = (2, 0), m+ = (-3, 1), m- = (-1, 1). */
  private final RefusalAxis axis = RefusalAxis.ofMeans(new double[] {-1, 1}, new double[] {-3, 1});

  @Test
  void coordinateIsZeroAtTheBenignMeanAndOneAtTheHarmfulMean() {
    assertEquals(0, axis.u(new double[] {-3, 1}));
    assertEquals(1, axis.u(new double[] {-1, 1}));
    assertEquals(0.5, axis.u(new double[] {-2, 77}));
    assertEquals(-1, axis.u(new double[] {-5, 0}));
  }

  @Test
  void targetsOfAHandComputedExample() {
    double[] a = {-2, 5}; // u = 0.5, R.a / |R|^2 = -1
    assertArrayEquals(
        new double[] {-1.8, 5},
        ActorSettings.Target.PUBLISHED.of(axis, a, 0.1, PromptClass.BENIGN),
        1e-15);
    assertArrayEquals(
        new double[] {-2.2, 5},
        ActorSettings.Target.PUBLISHED.of(axis, a, 0.1, PromptClass.HARMFUL),
        1e-15);
    assertArrayEquals(
        new double[] {-2.1, 5},
        ActorSettings.Target.CENTRED.of(axis, a, 0.1, PromptClass.BENIGN),
        1e-15);
    assertArrayEquals(
        new double[] {-1.9, 5},
        ActorSettings.Target.CENTRED.of(axis, a, 0.1, PromptClass.HARMFUL),
        1e-15);
    assertArrayEquals(
        new double[] {-2.2, 5},
        ActorSettings.Target.UNIFORM.of(axis, a, 0.1, PromptClass.BENIGN),
        1e-15);
    assertArrayEquals(
        new double[] {-1.8, 5},
        ActorSettings.Target.UNIFORM.of(axis, a, 0.1, PromptClass.HARMFUL),
        1e-15);
    assertArrayEquals(new double[] {-2, 5}, a);
  }

  @ParameterizedTest
  @EnumSource
  void pseudoHarmfulPromptsAreTreatedAsBenign(ActorSettings.Target form) {
    double[] a = {-2, 5};
    assertArrayEquals(
        form.of(axis, a, 0.1, PromptClass.BENIGN),
        form.of(axis, a, 0.1, PromptClass.PSEUDO_HARMFUL));
  }

  @ParameterizedTest
  @EnumSource
  void alphaZeroMovesNothing(ActorSettings.Target form) {
    double[] a = {-2, 5};
    for (PromptClass promptClass : PromptClass.values()) {
      assertArrayEquals(a, form.of(axis, a, 0, promptClass));
    }
  }

  @Property(tries = 200)
  void gradientAgreesWithFiniteDifferencesOfTheTextbookLoss(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.05, max = 0.9) double alpha) {
    Random random = new Random(seed);
    double[] a = gaussian(random, 6);
    RefusalAxis axis = new RefusalAxis(gaussian(random, 6), gaussian(random, 6));
    for (PromptClass promptClass : PromptClass.values()) {
      double[] t = ActorSettings.Target.CENTRED.of(axis, a, alpha, promptClass);
      assertArrayEquals(
          finiteDifferences(x -> t, a), CosineLoss.gradient(a, t), 1e-7, promptClass.name());
      assertEquals(1 - cosine(a, t), CosineLoss.value(a, t), 1e-14);
    }
  }

  @Property(tries = 100)
  void hazard1FlippingTheLabelFlipsTheGradientBecauseTheTargetIsAConstant(@ForAll long seed) {
    Random random = new Random(seed);
    double[] a = gaussian(random, 8);
    double[] direction = gaussian(random, 8);
    RefusalAxis published = new RefusalAxis(direction, gaussian(random, 8));
    double alpha = 0.01;
    double[] safe =
        gradient(ActorSettings.Target.PUBLISHED, published, a, alpha, PromptClass.BENIGN);
    double[] harmful =
        gradient(ActorSettings.Target.PUBLISHED, published, a, alpha, PromptClass.HARMFUL);
    assertEquals(-1, cosine(safe, harmful), 1e-9);

    // Benign mean put so that u = 0.5: both classes are on the wrong side.
    double[] mean = new double[8];
    for (int i = 0; i < 8; i++) {
      mean[i] = a[i] - 0.5 * direction[i];
    }
    RefusalAxis centred = new RefusalAxis(direction, mean);
    safe = gradient(ActorSettings.Target.CENTRED, centred, a, alpha, PromptClass.PSEUDO_HARMFUL);
    harmful = gradient(ActorSettings.Target.CENTRED, centred, a, alpha, PromptClass.HARMFUL);
    assertEquals(-1, cosine(safe, harmful), 1e-9);
  }

  @Test
  void hazard1ATargetThatMovesWithTheActivationIsBlindToTheLabel() {
    Random random = new Random(5);
    double[] a = gaussian(random, 8);
    RefusalAxis axis = new RefusalAxis(gaussian(random, 8), gaussian(random, 8));
    double[] safe =
        finiteDifferences(
            x -> ActorSettings.Target.PUBLISHED.of(axis, x, 0.1, PromptClass.BENIGN), a);
    double[] harmful =
        finiteDifferences(
            x -> ActorSettings.Target.PUBLISHED.of(axis, x, 0.1, PromptClass.HARMFUL), a);
    assertTrue(cosine(safe, harmful) > 0.9, () -> "cosine " + cosine(safe, harmful));
  }

  @Test
  void hazard2TheTextbookLossUnderflowsInFloat32WhileItsGradientDoesNot() {
    Random random = new Random(8);
    int rows = 500;
    int width = 256;
    int zeros = 0;
    double worstGradient = 0;
    double worstMonitor = 0;
    for (int row = 0; row < rows; row++) {
      // A residual stream that has, as real ones do, a sizeable share along R.
      double[] direction = gaussian(random, width);
      double[] a = gaussian(random, width);
      double share = random.nextGaussian() * 0.3;
      for (int i = 0; i < width; i++) {
        a[i] = (float) (a[i] + share * direction[i]);
      }
      RefusalAxis axis = new RefusalAxis(direction, new double[width]);
      double[] t = ActorSettings.Target.PUBLISHED.of(axis, a, PUBLISHED_ALPHA, PromptClass.BENIGN);
      double loss = CosineLoss.value(a, t);
      // At right angles or parallel to R there is nothing to see in any precision.
      if (loss < 1e-9) {
        continue;
      }
      assertTrue(loss <= PUBLISHED_ALPHA * PUBLISHED_ALPHA / 8 * 1.01, () -> "loss " + loss);
      zeros += textbookFloat32(a, t) == 0 ? 1 : 0;
      worstMonitor = Math.max(worstMonitor, Math.abs(stableFloat32(a, t) / loss - 1));
      double[] exact = CosineLoss.gradient(a, t);
      double[] single = gradientFloat32(a, t);
      worstGradient = Math.max(worstGradient, 1 - cosine(exact, single));
    }
    assertTrue(zeros > rows / 20, "textbook loss is zero on " + zeros + " rows");
    assertTrue(worstMonitor < 0.1, "stable loss is off by " + worstMonitor);
    assertTrue(worstGradient < 0.01, "gradient is off by " + worstGradient);
  }

  @Test
  void hazard2TheFloat64LossKeepsItsDigitsAtSmallAlpha() {
    // a = (1, 1), R = (1, 0): tan of the angle between a and t is x / (2 - x) with x = alpha.
    RefusalAxis unit = new RefusalAxis(new double[] {1, 0}, new double[2]);
    double[] a = {1, 1};
    for (double alpha : new double[] {1e-2, 1e-4, 1e-6}) {
      double[] t = ActorSettings.Target.PUBLISHED.of(unit, a, alpha, PromptClass.BENIGN);
      double angle = Math.atan(alpha / (2 - alpha));
      double expected = 2 * Math.pow(Math.sin(angle / 2), 2);
      assertEquals(1, CosineLoss.value(a, t) / expected, 1e-8);
      double[] gradient = CosineLoss.gradient(a, t);
      // |dL/da| = sin(angle) / |a|, at right angles to a.
      assertEquals(
          1, Math.hypot(gradient[0], gradient[1]) / (Math.sin(angle) / Math.sqrt(2)), 1e-9);
      assertEquals(0, CosineLoss.dot(gradient, a), 1e-15);
    }
  }

  @Test
  void hazard6PublishedPushesASafePromptWithNegativeProjectionTowardRefusal() {
    double[] a = {-4, 1}; // beyond the benign mean: u = -0.5, R.a < 0
    assertTrue(axis.projection(a) < 0);
    double[] published = ActorSettings.Target.PUBLISHED.of(axis, a, 0.1, PromptClass.BENIGN);
    assertTrue(axis.u(published) > axis.u(a));
    // and the descent step really goes there
    double[] step = CosineLoss.gradient(a, published);
    double[] moved = {a[0] - 0.1 * step[0], a[1] - 0.1 * step[1]};
    assertTrue(axis.u(moved) > axis.u(a));

    double[] centred = ActorSettings.Target.CENTRED.of(axis, a, 0.1, PromptClass.BENIGN);
    assertArrayEquals(a, centred);
    assertArrayEquals(new double[2], CosineLoss.gradient(a, centred), 0.0);
    assertEquals(0, CosineLoss.value(a, centred));
  }

  @Property(tries = 200)
  void centredLeavesEveryPromptOnItsSideAlone(
      @ForAll @DoubleRange(min = 0, max = 20) double beyond,
      @ForAll @DoubleRange(min = 0, max = 1) double alpha) {
    double[] safe = {-3 - beyond, 4};
    assertArrayEquals(safe, ActorSettings.Target.CENTRED.of(axis, safe, alpha, PromptClass.BENIGN));
    double[] harmful = {-1 + beyond, 4};
    assertArrayEquals(
        harmful, ActorSettings.Target.CENTRED.of(axis, harmful, alpha, PromptClass.HARMFUL));
  }

  @Property(tries = 200)
  void centredTargetsNeverPassTheClassMean(
      @ForAll @DoubleRange(min = -20, max = 20) double x,
      @ForAll @DoubleRange(min = 0, max = 1) double alpha) {
    double[] a = {x, 4};
    double u = axis.u(a);
    double safe = axis.u(ActorSettings.Target.CENTRED.of(axis, a, alpha, PromptClass.BENIGN));
    double harmful = axis.u(ActorSettings.Target.CENTRED.of(axis, a, alpha, PromptClass.HARMFUL));
    assertTrue(safe <= u + 1e-12 && safe >= Math.min(u, 0) - 1e-12);
    assertTrue(harmful >= u - 1e-12 && harmful <= Math.max(u, 1) + 1e-12);
  }

  @Test
  void fixedPointsOfCentredAreTheClassMeansAndOfPublishedTheOrigin() {
    assertEquals(
        0, descend(ActorSettings.Target.CENTRED, new double[] {-1.2, 4}, PromptClass.BENIGN), 1e-3);
    assertEquals(
        1,
        descend(ActorSettings.Target.CENTRED, new double[] {-2.5, 4}, PromptClass.HARMFUL),
        1e-3);
    // R.a = 0 lies at u = 1.5 here, past the harmful mean: safe prompts end up refused.
    assertEquals(
        1.5,
        descend(ActorSettings.Target.PUBLISHED, new double[] {-2.5, 4}, PromptClass.BENIGN),
        1e-3);
    // A harmful prompt with R.a < 0 runs off to the benign side.
    assertTrue(
        descend(ActorSettings.Target.PUBLISHED, new double[] {-2.5, 4}, PromptClass.HARMFUL) < 0);
  }

  @Test
  void refusesWhatHasNoMeaning() {
    double[] a = {1, 2};
    assertThrows(
        IllegalArgumentException.class,
        () -> RefusalAxis.ofMeans(new double[] {1, 1}, new double[] {1, 1}));
    IllegalArgumentException nan =
        assertThrows(
            IllegalArgumentException.class,
            () -> new RefusalAxis(new double[] {1, Double.NaN}, new double[2]));
    assertEquals("direction: column 1 is NaN, not finite", nan.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> new RefusalAxis(new double[3], new double[2]));
    assertThrows(IllegalArgumentException.class, () -> axis.u(new double[3]));
    assertThrows(
        IllegalArgumentException.class,
        () -> ActorSettings.Target.CENTRED.of(axis, a, -0.1, PromptClass.BENIGN));
    assertThrows(
        IllegalArgumentException.class,
        () -> ActorSettings.Target.UNIFORM.of(axis, a, Double.NaN, PromptClass.BENIGN));
    assertThrows(IllegalArgumentException.class, () -> CosineLoss.value(a, new double[2]));
    assertThrows(IllegalArgumentException.class, () -> CosineLoss.gradient(new double[2], a));
    assertThrows(IllegalArgumentException.class, () -> CosineLoss.value(a, new double[] {1}));
    assertThrows(
        IllegalArgumentException.class, () -> CosineLoss.gradient(new double[] {Double.NaN, 1}, a));
  }

  /** Where gradient descent on a free activation ends, as u. */
  private double descend(ActorSettings.Target form, double[] start, PromptClass promptClass) {
    double[] a = start.clone();
    for (int step = 0; step < 20_000; step++) {
      double[] gradient = gradient(form, axis, a, 0.3, promptClass);
      for (int i = 0; i < a.length; i++) {
        a[i] -= 0.3 * gradient[i];
      }
    }
    return axis.u(a);
  }

  private static double[] gradient(
      ActorSettings.Target form,
      RefusalAxis axis,
      double[] a,
      double alpha,
      PromptClass promptClass) {
    return CosineLoss.gradient(a, form.of(axis, a, alpha, promptClass));
  }

  /** d/da of 1 - cos(a, target(a)) by central differences. */
  private static double[] finiteDifferences(UnaryOperator<double[]> target, double[] a) {
    double h = 1e-5;
    double[] gradient = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      double[] up = a.clone();
      double[] down = a.clone();
      up[i] += h;
      down[i] -= h;
      gradient[i] =
          ((1 - cosine(up, target.apply(up))) - (1 - cosine(down, target.apply(down)))) / (2 * h);
    }
    return gradient;
  }

  private static double cosine(double[] x, double[] y) {
    return CosineLoss.dot(x, y) / Math.sqrt(CosineLoss.dot(x, x)) / Math.sqrt(CosineLoss.dot(y, y));
  }

  private static float dot32(double[] x, double[] y) {
    float sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (float) x[i] * (float) y[i];
    }
    return sum;
  }

  private static float norm32(double[] x) {
    return (float) Math.sqrt(dot32(x, x));
  }

  private static float textbookFloat32(double[] a, double[] t) {
    return 1 - dot32(a, t) / (norm32(a) * norm32(t));
  }

  private static float stableFloat32(double[] a, double[] t) {
    float aNorm = norm32(a);
    float tNorm = norm32(t);
    float sum = 0;
    for (int i = 0; i < a.length; i++) {
      float difference = (float) a[i] / aNorm - (float) t[i] / tNorm;
      sum += difference * difference;
    }
    return 0.5f * sum;
  }

  /** What automatic differentiation of the textbook loss computes in float32. */
  private static double[] gradientFloat32(double[] a, double[] t) {
    float aNorm = norm32(a);
    float tNorm = norm32(t);
    float cosine = dot32(a, t) / (aNorm * tNorm);
    double[] gradient = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      gradient[i] = -((float) t[i] / tNorm - cosine * ((float) a[i] / aNorm)) / aNorm;
    }
    return gradient;
  }

  private static double[] gaussian(Random random, int width) {
    double[] vector = new double[width];
    for (int i = 0; i < width; i++) {
      vector[i] = random.nextGaussian();
    }
    return vector;
  }
}
