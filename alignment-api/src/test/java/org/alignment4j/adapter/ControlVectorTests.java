package org.alignment4j.adapter;

import static org.alignment4j.adapter.ControlVectors.assertIdentical;
import static org.alignment4j.adapter.ControlVectors.assertSame;
import static org.alignment4j.adapter.ControlVectors.largest;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.junit.jupiter.api.Test;

class ControlVectorTests {
  @Property(tries = 200)
  void formsAVectorSpace(
      @ForAll long one,
      @ForAll long two,
      @ForAll long three,
      @ForAll @DoubleRange(min = -30, max = 30) double a,
      @ForAll @DoubleRange(min = -30, max = 30) double b) {
    ControlVector v = ControlVectors.random(one);
    ControlVector w = ControlVectors.random(two);
    ControlVector u = ControlVectors.random(three);
    double size = largest(v) + largest(w) + largest(u);
    double factors = 1 + Math.abs(a) + Math.abs(b);
    assertSame(v.plus(w), w.plus(v), size);
    assertSame(v.plus(w).plus(u), v.plus(w.plus(u)), size);
    assertSame(v.plus(w).times(a), v.times(a).plus(w.times(a)), factors * size);
    assertSame(v.times(a + b), v.times(a).plus(v.times(b)), factors * size);
    assertSame(v.times(a).times(b), v.times(a * b));
    assertSame(v.minus(w), v.plus(w.negate()), size);
    assertIdentical(v, v.times(1));
    assertIdentical(v, v.negate().negate());
  }

  @Property(tries = 100)
  void aVectorAndItsNegativeSumToZero(@ForAll long seed) {
    ControlVector v = ControlVectors.random(seed);
    for (ControlVector zero : List.of(v.plus(v.negate()), v.minus(v), v.times(0))) {
      assertEquals(v.directions().keySet(), zero.directions().keySet());
      zero.lengths().values().forEach(length -> assertEquals(0.0, length));
    }
  }

  @Property(tries = 100)
  void normalisedDirectionsHaveLengthOneAndTheirAngle(@ForAll long seed) {
    ControlVector v = ControlVectors.random(seed);
    ControlVector unit = v.normalised();
    unit.lengths().values().forEach(length -> assertEquals(1, length, 1e-6));
    unit.cosine(v).values().forEach(cosine -> assertEquals(1, cosine, 1e-6));
    v.negate().cosine(unit).values().forEach(cosine -> assertEquals(-1, cosine, 1e-6));
    assertSame(unit, unit.normalised());
  }

  @Property(tries = 100)
  void theInnerProductIsBilinearAndSymmetric(@ForAll long one, @ForAll long two) {
    ControlVector v = ControlVectors.random(one);
    ControlVector w = ControlVectors.random(two);
    assertEquals(v.dot(w), w.dot(v));
    v.dot(v)
        .forEach(
            (layer, square) ->
                assertEquals(Math.pow(v.lengths().get(layer), 2), square, 1e-9 * square));
    SortedMap<Layer, Double> twice = v.times(2).dot(w);
    v.dot(w).forEach((layer, dot) -> assertEquals(2 * dot, twice.get(layer)));
  }

  @Test
  void aLayerThatOneOperandLacksCountsAsZero() {
    ControlVector sum = ControlVectors.of(1, 1, 2).minus(ControlVectors.of(3, 4, 5));
    assertEquals(Set.of(new Layer(1), new Layer(3)), sum.directions().keySet());
    assertArrayEquals(new float[] {1, 2}, sum.directions().get(new Layer(1)));
    assertArrayEquals(new float[] {-4, -5}, sum.directions().get(new Layer(3)));
    SortedMap<Layer, Double> dot = ControlVectors.of(1, 1, 2).dot(ControlVectors.of(3, 4, 5));
    assertEquals(Map.of(new Layer(1), 0.0, new Layer(3), 0.0), dot);
    assertTrue(ControlVectors.of(1, 1, 2).cosine(ControlVectors.of(3, 4, 5)).isEmpty());
  }

  @Test
  void zeroHasNoAngleAndNoUnitLength() {
    ControlVector zero = ControlVectors.of(2, 0, 0);
    assertEquals(Double.NaN, zero.cosine(ControlVectors.of(2, 1, 0)).get(new Layer(2)));
    assertIdentical(zero, zero.normalised());
  }

  @Test
  void isRestrictedToSomeOfItsLayers() {
    ControlVector v = ControlVectors.of(Map.of(1, new float[] {1}, 2, new float[] {2}));
    assertIdentical(ControlVectors.of(2, 2), v.restrictedTo(List.of(new Layer(2))));
    assertThrows(IllegalArgumentException.class, () -> v.restrictedTo(List.of(new Layer(3))));
    assertThrows(IllegalArgumentException.class, () -> v.restrictedTo(List.of()));
  }

  @Test
  void takesTheLengthsThatAreSaid() {
    ControlVector v = ControlVectors.of(Map.of(1, new float[] {3, 4}, 2, new float[] {0, 0}));
    ControlVector scaled = v.withLengths(Map.of(new Layer(1), 10.0, new Layer(2), 1.0));
    assertArrayEquals(new float[] {6, 8}, scaled.directions().get(new Layer(1)));
    assertArrayEquals(new float[] {0, 0}, scaled.directions().get(new Layer(2)));
    assertThrows(IllegalArgumentException.class, () -> v.withLengths(Map.of(new Layer(1), 1.0)));
  }

  @Test
  void isEqualByContent() {
    assertEquals(ControlVectors.of(2, 1, 2), ControlVectors.of(2, 1, 2));
    assertEquals(ControlVectors.of(2, 1, 2).hashCode(), ControlVectors.of(2, 1, 2).hashCode());
    assertNotEquals(ControlVectors.of(2, 1, 2), ControlVectors.of(2, 1, 3));
    assertNotEquals(ControlVectors.of(2, 1, 2), ControlVectors.of(3, 1, 2));
    assertFalse(ControlVectors.of(2, 1, 2).equals(ControlVectors.of(2, 1, 2).times(1)));
  }

  @Test
  void refusesWhatIsNoVector() {
    Map<Integer, float[]> widths = Map.of(1, new float[1], 2, new float[2]);
    assertThrows(IllegalArgumentException.class, () -> ControlVectors.of(widths));
    assertThrows(IllegalArgumentException.class, () -> ControlVectors.of(Map.of()));
    assertThrows(IllegalArgumentException.class, () -> ControlVectors.of(1));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ControlVectors.of(4, 1, Float.NaN));
    assertEquals("layer 4, number 1 is NaN, not finite", e.getMessage());
    ControlVector v = ControlVectors.of(1, 1e38f);
    assertThrows(IllegalArgumentException.class, () -> v.times(10));
    assertThrows(IllegalArgumentException.class, () -> v.times(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> v.plus(ControlVectors.of(1, 1, 2)));
    assertThrows(IllegalArgumentException.class, () -> v.cosine(ControlVectors.of(1, 1, 2)));
  }

  @Test
  void laterChangesOfTheMapDoNotReachIt() {
    SortedMap<Layer, float[]> map = new TreeMap<>(Map.of(new Layer(1), new float[] {1}));
    ControlVector v = new ControlVector(map, ControlVectors.PROVENANCE);
    map.put(new Layer(2), new float[] {1});
    assertEquals(1, v.directions().size());
    assertThrows(UnsupportedOperationException.class, () -> v.directions().clear());
  }

  @Test
  void remembersWhatASumIsMadeOfWithoutGrowing() {
    ControlVector v = ControlVectors.of(1, 1, 2);
    ControlVector w =
        new ControlVector(v.directions(), new Provenance("other", Map.of(), 0, Map.of(), Map.of()));
    ControlVector sum = v;
    for (int i = 0; i < 300; i++) {
      sum = sum.plus(w).minus(v.times(0.5));
    }
    List<?> terms = (List<?>) sum.provenance().settings().get("terms");
    assertEquals(2, terms.size());
    assertEquals(-149.0, ((Map<?, ?>) terms.get(0)).get("factor"));
    assertEquals(300.0, ((Map<?, ?>) terms.get(1)).get("factor"));
    assertTrue(Provenance.fromJson(sum.provenance().toJson()).toJson().contains("\"other\""));
  }
}
