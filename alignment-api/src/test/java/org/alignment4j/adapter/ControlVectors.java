package org.alignment4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/** Control vectors for tests. */
final class ControlVectors {
  static final Provenance PROVENANCE = new Provenance("test", Map.of(), 7, Map.of(), Map.of());

  private ControlVectors() {}

  static ControlVector of(int layer, float... direction) {
    return of(Map.of(layer, direction));
  }

  static ControlVector of(Map<Integer, float[]> directions) {
    SortedMap<Layer, float[]> all = new TreeMap<>();
    directions.forEach((l, v) -> all.put(new Layer(l), v));
    return new ControlVector(all, PROVENANCE);
  }

  /** Some layers of 2 to 5, width 3. */
  static ControlVector random(long seed) {
    Random random = new Random(seed);
    SortedMap<Layer, float[]> all = new TreeMap<>();
    while (all.isEmpty()) {
      for (int l = 2; l <= 5; l++) {
        if (random.nextBoolean()) {
          float[] v = new float[3];
          for (int i = 0; i < v.length; i++) {
            v[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(5) - 2));
          }
          all.put(new Layer(l), v);
        }
      }
    }
    return new ControlVector(
        all, new Provenance("test", Map.of(), random.nextInt(), Map.of(), Map.of()));
  }

  /** The directions are equal within rounding; layers that one lacks count as zero. */
  static void assertSame(ControlVector expected, ControlVector actual) {
    assertSame(expected, actual, Math.max(largest(expected), largest(actual)));
  }

  /** The longest direction, more than 0. */
  static double largest(ControlVector v) {
    return Math.max(1e-30, v.lengths().values().stream().mapToDouble(l -> l).max().orElse(0));
  }

  /**
   * @param size of the numbers that were added up on the way, which rounding goes by: where they
   *     cancel each other the result is much smaller
   */
  static void assertSame(ControlVector expected, ControlVector actual, double size) {
    float[] zero = new float[expected.width()];
    SortedMap<Layer, float[]> all = new TreeMap<>(expected.directions());
    all.putAll(actual.directions());
    for (Layer layer : all.keySet()) {
      assertArrayEquals(
          expected.directions().getOrDefault(layer, zero),
          actual.directions().getOrDefault(layer, zero),
          (float) (1e-6 * size),
          layer::toString);
    }
  }

  /** The directions are equal to the bit. */
  static void assertIdentical(ControlVector expected, ControlVector actual) {
    assertEquals(expected.directions().keySet(), actual.directions().keySet());
    expected.directions().forEach((l, v) -> assertIdentical(v, actual.directions().get(l)));
  }

  static void assertIdentical(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(Float.floatToRawIntBits(expected[i]), Float.floatToRawIntBits(actual[i]));
    }
  }
}
