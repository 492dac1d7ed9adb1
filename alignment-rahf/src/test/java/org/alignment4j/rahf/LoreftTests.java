package org.alignment4j.rahf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceTuner.Loreft;
import org.alignment4j.train.TrainingLoop.Objective;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LoReFT's algebra and gradients against float64 loops in Java, and what its tuner keeps to. */
@SuppressWarnings("try") // a gradient scope's use is that it is open
class LoreftTests {
  private static final List<PreferencePair> PAIRS = StyleTask.pairs(12, 3);
  private static final int WIDTH = 48;
  private static final int RANK = 3;
  private static final List<Layer> LAYERS = List.of(new Layer(2), new Layer(4));
  private static final Positions ENDS = Positions.promptEnds(2, 1);
  private static final List<Encoded> ROWS =
      List.of(
          new Encoded(new int[] {5, 9, 11, 8, 40, 41}, 4),
          new Encoded(new int[] {7, 7, 60, 61, 62, 63}, 2));

  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(StyleTask.writeRandom(folder));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Loreft.Builder<Loreft.Settings> settings() {
    return Loreft.Settings.builder().rank(RANK).positions(ENDS).layers(LAYERS).seed(7);
  }

  private static Provenance provenance() {
    return new Provenance("test", Map.of(), 1, Map.of(), Map.of());
  }

  /** An edit whose rotation's rows are far from orthonormal, and that changes a lot. */
  private static TrainableEdit stirred() {
    TrainableEdit edit = TrainableEdit.initial(model, settings().build());
    Random random = new Random(5);
    for (NDArray parameter : edit.parameters()) {
      float[] values = parameter.toFloatArray();
      for (int i = 0; i < values.length; i++) {
        values[i] += (float) (0.3 * random.nextGaussian());
      }
      parameter.set(FloatBuffer.wrap(values));
    }
    return edit;
  }

  /** Rows [r][D] by Gram and Schmidt, which is Q of a QR decomposition with a positive diagonal. */
  private static double[][] orthonormal(float[] m) {
    double[][] rows = new double[RANK][WIDTH];
    for (int i = 0; i < RANK; i++) {
      for (int k = 0; k < WIDTH; k++) {
        rows[i][k] = m[i * WIDTH + k];
      }
      for (int j = 0; j < i; j++) {
        double along = dot(rows[i], rows[j]);
        for (int k = 0; k < WIDTH; k++) {
          rows[i][k] -= along * rows[j][k];
        }
      }
      double length = Math.sqrt(dot(rows[i], rows[i]));
      for (int k = 0; k < WIDTH; k++) {
        rows[i][k] /= length;
      }
    }
    return rows;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }

  /** The edit as the paper has it, from M, W and b of both layers, as a gated edit. */
  private static GatedEdit paper(List<float[]> values) {
    List<Change> changes = new ArrayList<>();
    for (int l = 0; l < LAYERS.size(); l++) {
      double[][] r = orthonormal(values.get(l));
      float[] w = values.get(LAYERS.size() + l);
      float[] bias = values.get(2 * LAYERS.size() + l);
      float[] u = new float[WIDTH * RANK];
      float[] v = new float[RANK * WIDTH];
      float[] b = new float[WIDTH];
      for (int k = 0; k < WIDTH; k++) {
        double shift = 0;
        for (int i = 0; i < RANK; i++) {
          u[k * RANK + i] = (float) r[i][k];
          v[i * WIDTH + k] = (float) (w[i * WIDTH + k] - r[i][k]);
          shift += r[i][k] * bias[i];
        }
        b[k] = (float) shift;
      }
      changes.add(
          new Change(LAYERS.get(l), Site.BLOCK, ENDS, new Affine(RANK, u, v, b), Gate.constant(1)));
    }
    return new GatedEdit(changes, provenance());
  }

  private static double loss(GatedEdit edit) {
    try (LanguageModel view = model.with(edit)) {
      return -Arrays.stream(view.logProbabilities(ROWS)).sum();
    }
  }

  private static List<float[]> values(TrainableEdit edit) {
    return edit.parameters().stream().map(NDArray::toFloatArray).toList();
  }

  @Test
  void theRotationsRowsAreOrthonormalAndSpanTheSame() {
    try (TrainableEdit edit = stirred();
        NDManager scope = NDManager.newBaseManager(model.device(), "PyTorch")) {
      for (int l = 0; l < LAYERS.size(); l++) {
        float[] r = edit.rotations(scope).get(l).toFloatArray();
        double[][] expected = orthonormal(edit.parameters().get(l).toFloatArray());
        for (int i = 0; i < RANK; i++) {
          for (int j = 0; j < RANK; j++) {
            double product = 0;
            for (int k = 0; k < WIDTH; k++) {
              product += (double) r[i * WIDTH + k] * r[j * WIDTH + k];
            }
            assertEquals(i == j ? 1 : 0, product, 1e-5);
          }
          for (int k = 0; k < WIDTH; k++) {
            assertEquals(expected[i][k], r[i * WIDTH + k], 1e-5);
          }
        }
      }
    }
  }

  @Test
  void theSnapshotIsThePapersFormula() {
    try (TrainableEdit edit = stirred()) {
      GatedEdit found = edit.snapshot(provenance());
      GatedEdit expected = paper(values(edit));
      for (int l = 0; l < LAYERS.size(); l++) {
        Change a = found.changes().get(l);
        Change b = expected.changes().get(l);
        assertEquals(b.layer(), a.layer());
        assertEquals(ENDS, a.positions());
        assertArrayEquals(b.affine().u(), a.affine().u(), 1e-5f);
        assertArrayEquals(b.affine().v(), a.affine().v(), 1e-5f);
        assertArrayEquals(b.affine().b(), a.affine().b(), 1e-5f);
      }
      // h + U V h + b has the coordinates W h + b in the subspace, and h's own besides.
      Random random = new Random(2);
      float[] h = new float[WIDTH];
      double[] wide = new double[WIDTH];
      for (int k = 0; k < WIDTH; k++) {
        h[k] = (float) random.nextGaussian();
        wide[k] = h[k];
      }
      double[] change = found.changes().get(0).affine().apply(h);
      double[][] r = orthonormal(values(edit).get(0));
      float[] w = values(edit).get(2);
      double[] rest = change.clone();
      for (int i = 0; i < RANK; i++) {
        double wanted = values(edit).get(4)[i];
        for (int k = 0; k < WIDTH; k++) {
          wanted += (double) w[i * WIDTH + k] * h[k];
        }
        assertEquals(wanted, dot(r[i], wide) + dot(r[i], change), 1e-4);
        double along = dot(r[i], change);
        for (int k = 0; k < WIDTH; k++) {
          rest[k] -= along * r[i][k];
        }
      }
      assertEquals(0, Math.sqrt(dot(rest, rest)), 1e-4);
    }
  }

  @Test
  void theGradientsAreThoseOfFiniteDifferences() {
    try (TrainableEdit edit = stirred();
        NDManager manager = NDManager.newBaseManager(model.device(), "PyTorch")) {
      List<float[]> start = values(edit);
      List<float[]> gradients = new ArrayList<>();
      double expected = loss(paper(start));
      assertTrue(Math.abs(expected + Arrays.stream(model.logProbabilities(ROWS)).sum()) > 0.1);
      try (GradientScope scope = GradientScope.open()) {
        Objective.Gradients found = new LoreftObjective(model, edit).gradients(ROWS, manager, 1);
        assertEquals(expected, found.lossSum(), 1e-5 * expected);
        assertEquals(6, found.weight());
        found.gradients().forEach(g -> gradients.add(g.toFloatArray()));
      }
      Random random = new Random(4);
      for (int i = 0; i < gradients.size(); i++) {
        String name = edit.parameterNames().get(i);
        float[] gradient = gradients.get(i);
        double norm = length(gradient);
        assertTrue(norm > 1e-3, () -> name + " has a gradient, norm " + norm);
        float[] other = new float[gradient.length];
        for (int k = 0; k < other.length; k++) {
          other[k] =
              (float) (0.5 * gradient[k] + norm * random.nextGaussian() / Math.sqrt(other.length));
        }
        for (float[] direction : List.of(gradient, other)) {
          double by = 1e-2 / length(direction);
          double slope = 0;
          for (int k = 0; k < gradient.length; k++) {
            slope += (double) gradient[k] * direction[k] * by;
          }
          double up = loss(paper(moved(start, i, direction, by)));
          double down = loss(paper(moved(start, i, direction, -by)));
          assertEquals((up - down) / 2, slope, 0.03 * 1e-2 * norm, name);
        }
      }
    }
  }

  private static double length(float[] values) {
    double sum = 0;
    for (float f : values) {
      sum += (double) f * f;
    }
    return Math.sqrt(sum);
  }

  private static List<float[]> moved(List<float[]> all, int which, float[] direction, double by) {
    List<float[]> moved = new ArrayList<>(all);
    float[] one = all.get(which).clone();
    for (int k = 0; k < one.length; k++) {
      one[k] += (float) (by * direction[k]);
    }
    moved.set(which, one);
    return moved;
  }

  @Test
  void theStartChangesNothingAndDependsOnTheSeed() {
    List<int[]> ids = List.of(new int[] {3, 4, 5});
    try (TrainableEdit edit = TrainableEdit.initial(model, settings().build());
        TrainableEdit other = TrainableEdit.initial(model, settings().seed(8).build());
        LanguageModel view = model.with(edit.snapshot(provenance()))) {
      assertArrayEquals(model.nextTokenLogitsIds(ids)[0], view.nextTokenLogitsIds(ids)[0], 1e-5f);
      assertTrue(
          !Arrays.equals(values(edit).get(0), values(other).get(0)), "every seed is the same");
    }
  }

  private static Loreft tuner(Path checkpoints) {
    return new Loreft(
        settings()
            .training(
                t ->
                    t.epochs(3)
                        .batchSize(4)
                        .learningRate(1e-2)
                        .checkpointEvery(1)
                        .checkpointFolder(checkpoints))
            .build());
  }

  @Test
  void interruptedAndResumedGivesTheSameEditBitForBit(@TempDir Path whole, @TempDir Path parts) {
    GatedEdit expected = tuner(whole).tune(model, PAIRS, ProgressListener.NONE).adapter();
    int interruptions = 0;
    for (int steps : new int[] {1, 3, 2}) {
      int[] left = {steps};
      assertThrows(
          CancelledException.class,
          () ->
              tuner(parts)
                  .tune(
                      model,
                      PAIRS,
                      p -> {
                        if (--left[0] == 0) {
                          Thread.currentThread().interrupt();
                        }
                      }));
      assertTrue(Thread.interrupted());
      interruptions++;
    }
    assertEquals(3, interruptions);
    GatedEdit found = tuner(parts).tune(model, PAIRS, ProgressListener.NONE).adapter();
    assertEquals(expected.changes(), found.changes());
  }

  @Test
  void pairsThatCannotBeLearnedFromAreNamedAndTheOthersLearned() {
    List<PreferencePair> pairs = new ArrayList<>();
    PAIRS.forEach(p -> pairs.add(new PreferencePair(p.id(), p.prompt(), p.chosen(), "")));
    Prompt prompt = Prompt.user("say run");
    pairs.add(new PreferencePair("no answer", prompt, " ", "so run now"));
    pairs.add(new PreferencePair("long", Prompt.user("run ".repeat(200)), "so", ""));
    Tuning<GatedEdit> tuning = tuner(null).tune(model, pairs, ProgressListener.NONE);
    assertEquals(List.of(12, 13), tuning.unused().stream().map(Tuning.Unused::index).toList());
    assertTrue(tuning.unused().get(1).reason().contains("the context 128"));
    assertEquals(
        tuner(null).tune(model, PAIRS, ProgressListener.NONE).adapter().changes(),
        tuning.adapter().changes());
    BadDataException e =
        assertThrows(
            BadDataException.class,
            () -> tuner(null).tune(model, pairs.subList(12, 14), ProgressListener.NONE));
    assertTrue(e.getMessage().contains("no answer"), e.getMessage());
  }

  @Test
  void settingsOutOfRangeAreNamed() {
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> settings().rank(0).build())
            .getMessage()
            .contains("rank"));
    Loreft wide = new Loreft(settings().rank(WIDTH + 1).build());
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> wide.tune(model, PAIRS, ProgressListener.NONE))
            .getMessage()
            .contains("width 48"));
    Loreft high = new Loreft(settings().layers(List.of(new Layer(7))).build());
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> high.tune(model, PAIRS, ProgressListener.NONE))
            .getMessage()
            .contains("layer 7"));
    assertEquals(
        List.of(new Layer(1), new Layer(2), new Layer(4), new Layer(5)),
        Loreft.Settings.builder().build().layers(6));
  }
}
