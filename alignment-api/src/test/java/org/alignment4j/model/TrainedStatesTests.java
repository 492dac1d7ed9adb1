package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.FrozenModel.AffineChange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** States and losses of a training forward, with changes or a LoRA, against those of a view. */
class TrainedStatesTests {
  private static final int D = 24;
  private static final List<Encoded> SEQUENCES =
      List.of(
          new Encoded(new int[] {3, 5, 7, 11, 2, 8, 9}, 5),
          new Encoded(new int[] {30, 4, 4}, 1),
          new Encoded(new int[] {6, 12, 13, 14, 15}, 3));

  @TempDir Path folder;

  private static List<Change> changes(long seed) {
    Random random = new Random(seed);
    List<Change> changes = new ArrayList<>();
    List<Positions> all =
        List.of(
            Positions.promptEnds(2, 1),
            Positions.ALL,
            Positions.PROMPT,
            Positions.LAST_PROMPT,
            Positions.RESPONSE,
            Positions.promptEnds(0, 2));
    // Not in the order of the layers.
    int[] layers = {2, 0, 1, 2, 3, 2};
    for (int i = 0; i < layers.length; i++) {
      int rank = 1 + i % 3;
      Affine map =
          new Affine(
              rank,
              TinyModels.noise(random, D * rank),
              TinyModels.noise(random, rank * D),
              TinyModels.noise(random, D));
      changes.add(new Change(new Layer(layers[i]), Site.BLOCK, all.get(i), map, Gate.constant(1)));
    }
    return changes;
  }

  private static List<AffineChange> trained(List<Change> changes, NDList tensors, NDManager scope) {
    List<AffineChange> trained = new ArrayList<>();
    for (Change c : changes) {
      Affine map = c.affine();
      NDArray u = scope.create(map.u(), new Shape(D, map.rank()));
      NDArray v = scope.create(map.v(), new Shape(map.rank(), D));
      NDArray b = scope.create(map.b());
      for (NDArray array : List.of(u, v, b)) {
        array.setRequiresGradient(true);
        tensors.add(array);
      }
      trained.add(new AffineChange(c.layer(), c.positions(), u, v, b));
    }
    return trained;
  }

  private static LanguageModel view(LanguageModel model, List<Change> changes) {
    return model.with(new GatedEdit(changes, TunedBlockTests.provenance()));
  }

  private static float[] flat(float[][] rows) {
    float[] flat = new float[rows.length * D];
    for (int r = 0; r < rows.length; r++) {
      System.arraycopy(rows[r], 0, flat, r * D, D);
    }
    return flat;
  }

  private static void assertStates(Activations expected, Capture what, NDList found) {
    assertEquals(what.layers().size(), found.size());
    for (int l = 0; l < found.size(); l++) {
      float[] wanted = flat(expected.at(what.layers().get(l)));
      assertTrue(TinyModels.relative(found.get(l).toFloatArray(), wanted) < 1e-5);
    }
  }

  @ParameterizedTest
  @CsvSource({"LLAMA,0", "GEMMA2,3", "PHI3,0", "QWEN3,0"})
  void changesInTrainingGiveTheStatesOfAViewWithThem(Family family, int window) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), family, window, 3);
    List<Change> changes = changes(7);
    Capture what = Capture.layers(0, 3, TokenPositions.all());
    try (LanguageModel model = LanguageModel.load(path);
        LanguageModel view = view(model, changes);
        NDManager scope = model.pass().manager().newSubManager()) {
      NDList found =
          new FrozenModel(model)
              .hiddenStates(SEQUENCES, trained(changes, new NDList(), scope), what, scope);
      assertStates(view.captureIds(SEQUENCES, what), what, found);
      float[] plain = flat(model.captureIds(SEQUENCES, what).at(new Layer(3)));
      assertTrue(TinyModels.relative(found.get(3).toFloatArray(), plain) > 1e-2, "nothing changes");
    }
  }

  @Test
  void gradientsOfChangesAreThoseOfFiniteDifferences() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 3);
    List<Change> changes = changes(8);
    try (LanguageModel model = LanguageModel.load(path);
        NDManager scope = model.pass().manager().newSubManager()) {
      NDList tensors = new NDList();
      List<AffineChange> trained = trained(changes, tensors, scope);
      List<float[]> gradients = new ArrayList<>();
      try (GradientScope gradientScope = GradientScope.open()) {
        java.util.Objects.requireNonNull(gradientScope);
        NDList found = new FrozenModel(model).crossEntropy(SEQUENCES, trained, tensors, scope);
        double expected = loss(model, changes);
        assertEquals(expected, found.get(0).getFloat(), 1e-5 * expected);
        found.subList(1, found.size()).forEach(g -> gradients.add(g.toFloatArray()));
      }
      for (int i = 0; i < gradients.size(); i++) {
        float[] gradient = gradients.get(i);
        double norm = 0;
        for (float g : gradient) {
          norm += (double) g * g;
        }
        norm = Math.sqrt(norm);
        assertTrue(norm > 1e-3, "tensor " + i + " has a gradient, norm " + norm);
        double by = 3e-3 / norm;
        double up = loss(model, moved(changes, i, gradient, by));
        double down = loss(model, moved(changes, i, gradient, -by));
        assertEquals(norm, (up - down) / (2 * by * norm), 0.03 * norm, "tensor " + i);
      }
    }
  }

  private static double loss(LanguageModel model, List<Change> changes) {
    try (LanguageModel view = view(model, changes)) {
      return -Arrays.stream(view.logProbabilities(SEQUENCES)).sum();
    }
  }

  private static List<Change> moved(List<Change> changes, int tensor, float[] along, double by) {
    List<Change> moved = new ArrayList<>(changes);
    Change c = changes.get(tensor / 3);
    float[][] parts = {c.affine().u(), c.affine().v(), c.affine().b()};
    float[] one = parts[tensor % 3].clone();
    for (int k = 0; k < one.length; k++) {
      one[k] += (float) (by * along[k]);
    }
    parts[tensor % 3] = one;
    moved.set(
        tensor / 3,
        new Change(
            c.layer(),
            c.site(),
            c.positions(),
            new Affine(c.affine().rank(), parts[0], parts[1], parts[2]),
            c.gate()));
    return moved;
  }

  @Test
  void changesThatDoNotFitAreNamedBeforeTheyReachNativeCode() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 3);
    try (LanguageModel model = LanguageModel.load(path);
        NDManager scope = model.pass().manager().newSubManager()) {
      NDArray u = scope.zeros(new Shape(D, 2));
      NDArray v = scope.zeros(new Shape(2, D));
      NDArray b = scope.zeros(new Shape(D));
      Layer layer = new Layer(1);
      assertTrue(
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new AffineChange(layer, Positions.ALL, v, u, b))
              .getMessage()
              .contains("shapes"));
      NDArray wide = scope.zeros(new Shape(D), DataType.FLOAT64);
      assertTrue(
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new AffineChange(layer, Positions.ALL, u, v, wide))
              .getMessage()
              .contains("float64"));
      FrozenModel frozen = new FrozenModel(model);
      AffineChange above = new AffineChange(new Layer(4), Positions.ALL, u, v, b);
      assertTrue(
          assertThrows(
                  IllegalArgumentException.class,
                  () -> frozen.crossEntropy(SEQUENCES, List.of(above), new NDList(u), scope))
              .getMessage()
              .contains("layer 4"));
    }
  }

  @Test
  void aLorasStatesAreThoseOfItsViewAndItsStartTheModels() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 3);
    Capture what =
        new Capture(List.of(new Layer(1), new Layer(3)), TokenPositions.promptEnds(1, 2));
    try (LanguageModel model = LanguageModel.load(path);
        NDManager scope = model.pass().manager().newSubManager()) {
      LoraAdapter adapter = TinyModels.lora(model.config(), 2, 4, new Layer(1), new Layer(2));
      try (TrainableLora lora = new TrainableLora(model, adapter);
          LanguageModel view = model.with(adapter)) {
        assertStates(
            view.captureIds(SEQUENCES, what), what, lora.hiddenStates(SEQUENCES, what, scope));
        NDList start = lora.startStates(SEQUENCES, what, scope);
        assertStates(model.captureIds(SEQUENCES, what), what, start);
        assertTrue(
            TinyModels.relative(
                    start.get(1).toFloatArray(),
                    flat(view.captureIds(SEQUENCES, what).at(new Layer(3))))
                > 1e-3);
      }
    }
  }

  @Test
  void theEndsOfAPromptAreItsFirstAndLastTokensEachOnce() {
    assertArrayEquals(new int[] {0, 1, 5, 6, 7}, TokenPositions.promptEnds(2, 3).resolve(12, 8));
    assertArrayEquals(new int[] {0, 1, 2}, TokenPositions.promptEnds(2, 2).resolve(12, 3));
    assertArrayEquals(new int[] {0, 1}, TokenPositions.promptEnds(5, 5).resolve(12, 2));
    assertArrayEquals(new int[] {3}, TokenPositions.promptEnds(0, 1).resolve(4, 4));
    assertArrayEquals(new int[] {}, TokenPositions.promptEnds(1, 1).resolve(4, 0));
    assertFalse(TokenPositions.promptEnds(1, 1).generated());
    assertThrows(IllegalArgumentException.class, () -> TokenPositions.promptEnds(0, 0));
    assertThrows(IllegalArgumentException.class, () -> Positions.promptEnds(-1, 2));
    assertThrows(IllegalArgumentException.class, () -> new Positions(Positions.Kind.ALL, 1, 0));
  }
}
