package org.alignment4j.steering;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.analysis.LogisticProbe;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.steering.AlphaSteer.Form;
import org.alignment4j.steering.ConditionalSteering.Coefficient;
import org.alignment4j.steering.ConditionalSteering.Condition;

/** The published algebra, on states whose structure is known. */
class FittedEditTests {
  private static final int D = 20;
  private static final Layer AT = new Layer(3);

  private static float[] normal(Random random, int n) {
    float[] v = new float[n];
    for (int i = 0; i < n; i++) {
      v[i] = (float) random.nextGaussian();
    }
    return v;
  }

  private static float[][] rows(Random random, int n) {
    float[][] rows = new float[n][];
    Arrays.setAll(rows, i -> normal(random, D));
    return rows;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static double length(float[] a) {
    return Math.sqrt(dot(a, a));
  }

  private static float[] plus(float[] h, double[] change) {
    float[] sum = h.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += (float) change[i];
    }
    return sum;
  }

  /** Rows of states plus a multiple of a direction. */
  private static float[][] shifted(float[][] rows, float[] direction, double by) {
    float[][] moved = new float[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      moved[i] = rows[i].clone();
      for (int j = 0; j < D; j++) {
        moved[i][j] += (float) (by * direction[j]);
      }
    }
    return moved;
  }

  private static ControlVector vector(float[] v, int... layers) {
    TreeMap<Layer, float[]> directions = new TreeMap<>();
    for (int l : layers) {
      directions.put(new Layer(l), v);
    }
    return new ControlVector(directions, new Provenance("test", Map.of(), 0, Map.of(), Map.of()));
  }

  // ---- directional ablation

  @Property(tries = 50)
  void ablationLeavesNothingAlongTheDirectionAndTheRestAsItIs(@ForAll long seed) {
    Random random = new Random(seed);
    float[] r = normal(random, D);
    GatedEdit edit = DirectionalAblation.of(r, 2, Map.of());
    assertEquals(5, edit.changes().size(), "embeddings, and two places in each block");
    float[] h = normal(random, D);
    for (Change c : edit.changes()) {
      float[] after = plus(h, c.affine().apply(h));
      assertEquals(0, dot(after, r) / length(r), 1e-5);
      assertEquals(
          length(h) * length(h),
          length(after) * length(after) + Math.pow(dot(h, r) / length(r), 2),
          1e-4);
    }
  }

  @Property(tries = 50)
  void aFalseRefusalVectorLosesTheGivenShareOfTheTrueOne(
      @ForAll long seed, @ForAll @DoubleRange(min = 0, max = 1) double lambda) {
    Random random = new Random(seed);
    float[] f = normal(random, D);
    float[] t = normal(random, D);
    float[] v = DirectionalAblation.orthogonalised(f, t, lambda);
    assertEquals((1 - lambda) * dot(f, t), dot(v, t), 1e-4);
    float[] whole = DirectionalAblation.orthogonalised(f, t, 1);
    assertEquals(0, dot(whole, t), 1e-5);
    // Ablating what is orthogonal to v_t leaves the component along v_t.
    float[] h = normal(random, D);
    float[] after =
        plus(h, DirectionalAblation.of(whole, 1, Map.of()).changes().get(0).affine().apply(h));
    assertEquals(dot(h, t), dot(after, t), 1e-4);
    assertEquals(0, dot(after, whole), 1e-4);
    assertArrayEquals(f, DirectionalAblation.orthogonalised(f, t, 0), 1e-6f);
  }

  @Property(tries = 50)
  void affineConceptEditingSetsTheComponentAndKeepsTheRest(
      @ForAll long seed, @ForAll @DoubleRange(min = -2, max = 2) double alpha) {
    Random random = new Random(seed);
    float[] shift = normal(random, D);
    float[][] reference = rows(random, 30);
    float[][] positive = shifted(rows(random, 30), shift, 4);
    float[] r = DirectionalAblation.difference(positive, reference);
    Change c = DirectionalAblation.affine(AT, positive, reference, alpha);
    double[] mean = Directions.mean("reference", reference);
    float[] h = normal(random, D);
    float[] after = plus(h, c.affine().apply(h));
    double expected = dot(Directions.narrow(mean), r) + alpha * dot(r, r);
    assertEquals(expected, dot(after, r), 1e-3 * (1 + dot(r, r)));
    float[] difference =
        Directions.narrow(Directions.minus(Directions.wide(after), Directions.wide(h)));
    assertEquals(1, Math.abs(dot(difference, r)) / length(difference) / length(r), 1e-5);
    // A state of the reference class moves to itself for alpha 0, to the other mean for 1.
    Change one = DirectionalAblation.affine(AT, positive, reference, 1);
    float[] moved = plus(Directions.narrow(mean), one.affine().apply(Directions.narrow(mean)));
    double[] other = Directions.mean("positive", positive);
    for (int i = 0; i < D; i++) {
      assertEquals(other[i], moved[i], 1e-4);
    }
  }

  // ---- AlphaSteer

  private static GatedEdit alpha(
      float[][] benign, float[][] harmful, float[] r, AlphaSteer.Settings settings) {
    return AlphaSteer.fit(
        new TreeMap<>(Map.of(AT, benign)), Map.of(AT, harmful), Map.of(AT, r), settings, Map.of());
  }

  /** What is added to a state that every token shares. */
  private static float[] added(Change c, float[] h) {
    double g = c.gate().value(h);
    return Directions.narrow(Directions.times(c.affine().apply(h), g));
  }

  @Property(tries = 20)
  void benignStatesStayAndHarmfulOnesMoveAlongTheRefusalDirection(@ForAll long seed) {
    Random random = new Random(seed);
    // Benign states span 8 of 20 dimensions; harmful ones differ from them outside of those.
    float[][] span = rows(random, 8);
    float[][] benign = new float[60][];
    Arrays.setAll(benign, i -> combination(random, span));
    float[] away = normal(random, D);
    float[][] harmful = new float[40][];
    Arrays.setAll(harmful, i -> shifted(new float[][] {combination(random, span)}, away, 2)[0]);
    float[] r = normal(random, D);
    for (Form form : Form.values()) {
      GatedEdit edit =
          alpha(benign, harmful, r, new AlphaSteer.Settings(12.0 / D, 1e-3, 1.5, form));
      Change c = edit.changes().get(0);
      assertEquals(form == Form.LAST_PROMPT ? Positions.PROMPT : Positions.ALL, c.positions());
      for (float[] h : benign) {
        assertEquals(0, length(added(c, h)), 1e-5 * length(h) * length(r), "benign");
      }
      for (float[] h : harmful) {
        float[] moved = added(c, h);
        for (int i = 0; i < D; i++) {
          assertEquals(1.5 * r[i], moved[i], 0.02 * length(r), "harmful");
        }
      }
    }
  }

  private static float[] combination(Random random, float[][] span) {
    float[] sum = new float[D];
    for (float[] row : span) {
      double f = random.nextGaussian();
      for (int j = 0; j < D; j++) {
        sum[j] += (float) (f * row[j]);
      }
    }
    return sum;
  }

  /**
   * The closed form, computed as it is printed: Delta~ = R H^T P (P H H^T P + a P)^+, rows as
   * states.
   */
  @Example
  void itIsTheClosedFormOfThePaper() {
    Random random = new Random(4);
    float[][] benign = rows(random, 11);
    float[] r = normal(random, D);
    double ridge = 0.7;
    for (int n : new int[] {5, 50}) { // fewer and more than the null space's dimensions
      float[][] harmful = rows(random, n);
      Change c =
          alpha(benign, harmful, r, new AlphaSteer.Settings(9.0 / D, ridge, 1, Form.EACH_TOKEN))
              .changes()
              .get(0);
      // By gradient descent on |H P x - 1|^2 + a |P x|^2, whose minimum of least length is the
      // same.
      double[][] p = projector(benign, D - 11);
      double[] x = new double[D];
      for (int step = 0; step < 200_000; step++) {
        double[] w = times(p, x);
        double[] gradient = new double[D];
        for (float[] h : harmful) {
          double miss = Directions.dot(Directions.wide(h), w) - 1;
          for (int j = 0; j < D; j++) {
            gradient[j] += miss * h[j];
          }
        }
        for (int j = 0; j < D; j++) {
          gradient[j] += ridge * w[j];
        }
        double[] projected = times(p, gradient);
        for (int j = 0; j < D; j++) {
          x[j] -= 0.002 * projected[j];
        }
      }
      double[] w = times(p, x);
      float[] h = normal(random, D);
      double along = Directions.dot(Directions.wide(h), w);
      double[] found = c.affine().apply(h);
      for (int j = 0; j < D; j++) {
        assertEquals(along * r[j], found[j], 1e-4);
      }
    }
  }

  /** The projector on the complement of rows, by Gram and Schmidt. */
  private static double[][] projector(float[][] rows, int left) {
    double[][] p = new double[D][D];
    for (int i = 0; i < D; i++) {
      p[i][i] = 1;
    }
    for (float[] row : rows) {
      double[] rest = times(p, Directions.wide(row));
      double[] unit = Directions.unit(rest);
      for (int i = 0; i < D; i++) {
        for (int j = 0; j < D; j++) {
          p[i][j] -= unit[i] * unit[j];
        }
      }
    }
    double trace = 0;
    for (int i = 0; i < D; i++) {
      trace += p[i][i];
    }
    assertEquals(left, trace, 1e-9);
    return p;
  }

  private static double[] times(double[][] matrix, double[] x) {
    return Arrays.stream(matrix).mapToDouble(row -> Directions.dot(row, x)).toArray();
  }

  // ---- conditional steering

  @Property(tries = 20)
  void theConditionIsFoundAtTheLayerThatHasIt(@ForAll long seed) {
    Random random = new Random(seed);
    float[] c = normal(random, D);
    SortedMap<Layer, float[][]> yes = new TreeMap<>();
    SortedMap<Layer, float[][]> no = new TreeMap<>();
    SortedMap<Layer, float[][]> others = new TreeMap<>();
    SortedMap<Layer, float[][]> against = new TreeMap<>();
    for (int l = 1; l <= 3; l++) {
      double by = l == 2 ? 6 : 0;
      yes.put(new Layer(l), shifted(rows(random, 40), c, by));
      no.put(new Layer(l), rows(random, 40));
      others.put(new Layer(l), shifted(rows(random, 40), c, by));
      against.put(new Layer(l), rows(random, 40));
    }
    Condition found = ConditionalSteering.fit(yes, no, others, against, Reading.State.PROMPT_MEAN);
    Reading reading = found.gate().reading();
    assertEquals(new Layer(2), reading.layer());
    double cosine = dot(reading.direction(), c) / length(reading.direction()) / length(c);
    assertTrue(cosine > 0.9, () -> "cosine " + cosine);
    assertTrue(found.f1() > 0.95, () -> "F1 " + found.f1());
    long open =
        Arrays.stream(others.get(new Layer(2))).filter(h -> found.gate().value(h) == 1).count();
    long shut =
        Arrays.stream(against.get(new Layer(2))).filter(h -> found.gate().value(h) == 0).count();
    assertEquals(found.f1(), 2.0 * open / (open + (40 - shut) + 40), 1e-12);
    // The opposite classes are told apart from below.
    Condition opposite =
        ConditionalSteering.fit(no, yes, against, others, Reading.State.PROMPT_MEAN);
    assertTrue(opposite.f1() > 0.95, () -> "F1 " + opposite.f1());
    assertEquals(-1, opposite.gate().slope());
  }

  @Example
  void theBehaviourIsAddedWhereTheConditionHolds() {
    Reading reading =
        new Reading(
            AT, Reading.State.LAST_PROMPT, Reading.Measure.COSINE, normal(new Random(1), D));
    Condition condition = new Condition(Gate.above(reading, 0.25), 0.9);
    float[] v = normal(new Random(2), D);
    GatedEdit edit = ConditionalSteering.edit(condition, vector(v, 3, 5), 2, Map.of("model", "m"));
    assertEquals(2, edit.changes().size());
    for (Change c : edit.changes()) {
      assertEquals(condition.gate(), c.gate());
      assertEquals(Positions.ALL, c.positions());
      assertEquals(2 * v[0], c.affine().b()[0], 1e-6);
    }
    assertEquals(0.9, edit.provenance().metrics().get("condition_f1"));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> ConditionalSteering.edit(condition, vector(v, 2, 5), 2, Map.of()))
            .getMessage();
    assertTrue(message.contains("layer 2"), message);
  }

  // ---- probed steering

  private static final Coefficient BOTH = new Coefficient(0, -1, 1);

  @Property(tries = 20)
  void probesEnforceWhatTheyAreSureOfInBothDirections(@ForAll long seed) {
    Random random = new Random(seed);
    float[] c = normal(random, D);
    SortedMap<Layer, float[][]> yes = new TreeMap<>();
    SortedMap<Layer, float[][]> no = new TreeMap<>();
    for (int l = 2; l <= 3; l++) {
      yes.put(new Layer(l), shifted(rows(random, 50), c, 3));
      no.put(new Layer(l), shifted(rows(random, 50), c, -3));
    }
    float[] v = normal(random, D);
    GatedEdit edit =
        ConditionalSteering.probed(
            yes, no, LogisticProbe.Settings.DEFAULT, vector(v, 3, 4), 6, BOTH, Map.of());
    assertEquals(4, edit.changes().size(), "two probes at two layers");
    for (Change change : edit.changes()) {
      assertEquals(Positions.LAST_PROMPT, change.positions());
      // Each probe has its share of alpha.
      assertEquals(3 * v[0], change.affine().b()[0], 1e-5);
      Layer read = change.gate().reading().layer();
      for (float[] h : yes.get(read)) {
        assertTrue(change.gate().value(h) > 0 && change.gate().value(h) <= 1);
      }
      for (float[] h : no.get(read)) {
        assertTrue(change.gate().value(h) < 0 && change.gate().value(h) >= -1);
      }
    }
    bad(
        () ->
            ConditionalSteering.probed(
                yes, no, LogisticProbe.Settings.DEFAULT, vector(v, 2, 4), 1, BOTH, Map.of()),
        "layer 2");
    bad(
        () ->
            ConditionalSteering.probed(
                yes, Map.of(), LogisticProbe.Settings.DEFAULT, vector(v, 3), 1, BOTH, Map.of()),
        "layer 2");
    // What is only taken away leaves the positive class as it is.
    GatedEdit less =
        ConditionalSteering.probed(
            yes,
            no,
            LogisticProbe.Settings.DEFAULT,
            vector(v, 3),
            1,
            new Coefficient(0, -1, 0),
            Map.of());
    GatedEdit shifted =
        ConditionalSteering.probed(
            yes,
            no,
            LogisticProbe.Settings.DEFAULT,
            vector(v, 3),
            1,
            new Coefficient(-1000, -1, 0),
            Map.of());
    for (int i = 0; i < less.changes().size(); i++) {
      Gate gate = less.changes().get(i).gate();
      for (float[] h : yes.get(gate.reading().layer())) {
        assertEquals(0, gate.value(h));
        assertEquals(-1, shifted.changes().get(i).gate().value(h));
      }
    }
    bad(() -> new Coefficient(0, 1, -1), "in order");
    bad(() -> new Coefficient(Double.NaN, -1, 1), "shift");
  }

  // ---- AdaSteer

  @Property(tries = 20)
  void theCoefficientIsTheProbabilityThatSteeringIsNeeded(@ForAll long seed) {
    Random random = new Random(seed);
    float[] d = normal(random, D);
    float[][] more = shifted(rows(random, 60), d, 1.5);
    float[][] less = shifted(rows(random, 60), d, -1.5);
    float[] v = normal(random, D);
    AdaSteer.Law law = AdaSteer.fit(AT, more, less, d, -0.5, vector(v, 3, 4));
    GatedEdit edit = AdaSteer.edit(List.of(law, law), Map.of());
    assertEquals(4, edit.changes().size());
    Change c = edit.changes().get(0);
    assertEquals(Site.BLOCK, c.site());
    assertEquals(Positions.PROMPT, c.positions());
    assertEquals(-0.5 * v[3], c.affine().b()[3], 1e-6);
    for (float[] h : more) {
      assertTrue(law.gate().value(h) > 0.5);
    }
    for (float[] h : less) {
      assertTrue(law.gate().value(h) < 0.5);
    }
    // It grows with the projection.
    float[] h = normal(random, D);
    assertTrue(law.gate().value(shifted(new float[][] {h}, d, 0.1)[0]) > law.gate().value(h));
  }

  // ---- bad input

  private static void bad(org.junit.jupiter.api.function.Executable call, String named) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(named), message);
  }

  @Example
  void badInputIsRefusedByName() {
    Random random = new Random(3);
    float[][] some = rows(random, 4);
    float[] r = normal(random, D);
    bad(() -> DirectionalAblation.of(new float[D], 2, Map.of()), "length 0");
    bad(() -> DirectionalAblation.orthogonalised(r, new float[D], 1), "length 0");
    bad(() -> DirectionalAblation.orthogonalised(r, new float[] {1}, 1), "20 != 1");
    bad(() -> DirectionalAblation.orthogonalised(r, r, 1.5), "lambda");
    bad(() -> DirectionalAblation.difference(new float[0][], some), "positive");
    bad(() -> DirectionalAblation.affine(AT, some, some, 1), "length 0");
    AlphaSteer.Settings settings = AlphaSteer.Settings.DEFAULT;
    bad(() -> alpha(some, new float[][] {{1}}, r, settings), "20");
    bad(() -> alpha(some, some, new float[3], settings), "3 != 20");
    bad(
        () ->
            AlphaSteer.fit(new TreeMap<>(Map.of(AT, some)), Map.of(), Map.of(), settings, Map.of()),
        "layer 3");
    bad(() -> new AlphaSteer.Settings(0, 1, 1, Form.EACH_TOKEN), "nullShare");
    bad(() -> new AlphaSteer.Settings(0.5, 0, 1, Form.EACH_TOKEN), "ridge");
    SortedMap<Layer, float[][]> states = new TreeMap<>(Map.of(AT, some));
    bad(
        () -> ConditionalSteering.fit(states, states, states, states, Reading.State.PROMPT_MEAN),
        "do not differ");
    bad(
        () -> ConditionalSteering.fit(states, Map.of(), states, states, Reading.State.PROMPT_MEAN),
        "layer 3");
    bad(
        () -> ConditionalSteering.fit(states, states, states, states, Reading.State.EACH_TOKEN),
        "once");
    bad(() -> AdaSteer.edit(List.of(), Map.of()), "no laws");
  }
}
