package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.adapter.SoftPrompt;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.GradientScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Adapters at work inside a model: low-rank changes, soft prompts, steering per sequence. */
class AdapterTests {
  private static final double NEAR = 2e-5;

  @TempDir Path folder;

  private static List<int[]> sequences(long seed) {
    Random random = new Random(seed);
    return List.of(TinyModels.ids(random, 9), TinyModels.ids(random, 4), TinyModels.ids(random, 6));
  }

  private static void near(float[][] a, float[][] b) {
    for (int i = 0; i < a.length; i++) {
      assertTrue(TinyModels.relative(a[i], b[i]) < NEAR, "row " + i);
    }
  }

  private static double apart(float[][] a, float[][] b) {
    double least = Double.MAX_VALUE;
    for (int i = 0; i < a.length; i++) {
      least = Math.min(least, TinyModels.relative(a[i], b[i]));
    }
    return least;
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void appliedLoraEqualsTheMergedOne(Family family) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), family, 0, 11);
    List<int[]> ids = sequences(1);
    Generation greedy = Generation.greedy(8);
    try (LanguageModel model = LanguageModel.load(path)) {
      float[][] base = model.nextTokenLogitsIds(ids);
      LoraAdapter lora =
          TinyModels.lora(model.config(), 3, 5, new Layer(1), new Layer(model.config().blocks()));
      try (LanguageModel applied = model.with(lora);
          LanguageModel merged = model.withMerged(lora)) {
        float[][] changed = applied.nextTokenLogitsIds(ids);
        assertTrue(apart(changed, base) > 1e-2);
        near(changed, merged.nextTokenLogitsIds(ids));
        List<Completion> one = applied.generateIds(ids, greedy);
        List<Completion> other = merged.generateIds(ids, greedy);
        for (int i = 0; i < one.size(); i++) {
          assertArrayEquals(other.get(i).ids(), one.get(i).ids());
        }
        near(model.nextTokenLogitsIds(ids), base);
      }
    }
  }

  @Test
  void severalLorasOverOneBaseAreSeparateViewsAndAddUp() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.QWEN2, 0, 12);
    List<int[]> ids = sequences(2);
    try (LanguageModel model = LanguageModel.load(path)) {
      LoraAdapter first = TinyModels.lora(model.config(), 2, 1, new Layer(2));
      LoraAdapter second = TinyModels.lora(model.config(), 3, 2, new Layer(2), new Layer(3));
      try (LanguageModel a = model.with(first);
          LanguageModel b = model.with(second);
          LanguageModel both = a.with(second);
          LanguageModel reversed = b.with(first);
          LanguageModel mergedA = model.withMerged(first);
          LanguageModel merged = mergedA.withMerged(second)) {
        near(both.nextTokenLogitsIds(ids), merged.nextTokenLogitsIds(ids));
        near(reversed.nextTokenLogitsIds(ids), merged.nextTokenLogitsIds(ids));
        assertTrue(apart(a.nextTokenLogitsIds(ids), b.nextTokenLogitsIds(ids)) > 1e-3);
      }
    }
  }

  @Test
  void aLoraOfZeroBChangesNothing() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 13);
    List<int[]> ids = sequences(3);
    try (LanguageModel model = LanguageModel.load(path)) {
      LoraAdapter full = TinyModels.lora(model.config(), 2, 1, new Layer(1));
      List<Target> targets = new ArrayList<>();
      for (Target t : full.targets()) {
        targets.add(
            new Target(t.layer(), t.module(), t.in(), t.out(), t.a(), new float[t.b().length]));
      }
      LoraAdapter zero = new LoraAdapter(2, 4, targets, TunedBlockTests.provenance());
      try (LanguageModel view = model.with(zero)) {
        near(view.nextTokenLogitsIds(ids), model.nextTokenLogitsIds(ids));
      }
    }
  }

  @Test
  void aLoraThatDoesNotFitIsRefusedByName() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.PHI3, 0, 13);
    try (LanguageModel model = LanguageModel.load(path)) {
      for (Target bad :
          List.of(
              new Target(new Layer(1), "self_attn.q_proj", 24, 24, new float[24], new float[24]),
              new Target(new Layer(9), "self_attn.o_proj", 24, 24, new float[24], new float[24]),
              new Target(new Layer(1), "self_attn.o_proj", 20, 24, new float[20], new float[24]))) {
        LoraAdapter lora = new LoraAdapter(1, 1, List.of(bad), TunedBlockTests.provenance());
        CheckpointException e =
            assertThrows(CheckpointException.class, () -> model.with(lora).close());
        assertTrue(e.getMessage().contains(bad.module()), e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Family.class,
      names = {"LLAMA", "GEMMA2", "PHI3"})
  void loraGradientsAgreeWithFiniteDifferences(Family family) throws IOException {
    Random random = new Random(4);
    Path path = TinyModels.write(folder.resolve("m"), family, 2, false, 0, 14);
    List<Encoded> data =
        List.of(
            new Encoded(TinyModels.ids(random, 8), 3), new Encoded(TinyModels.ids(random, 5), 2));
    try (LanguageModel model = LanguageModel.load(path);
        TrainableLora lora =
            new TrainableLora(
                model, TinyModels.lora(model.config(), 2, 3, new Layer(1), new Layer(2)));
        NDManager scope = model.pass().manager().newSubManager();
        GradientScope gradients = GradientScope.open()) {
      java.util.Objects.requireNonNull(gradients);
      NDList found = lora.crossEntropy(data, scope);
      assertEquals(lora.parameters().size(), lora.parameterNames().size());
      for (int i = 0; i < lora.parameters().size(); i++) {
        NDArray parameter = lora.parameters().get(i);
        float[] gradient = found.get(1 + i).toFloatArray();
        float[] start = parameter.toFloatArray();
        float[] moved = start.clone();
        double norm = 0;
        for (float g : gradient) {
          norm += (double) g * g;
        }
        norm = Math.sqrt(norm);
        assertTrue(norm > 1e-5, lora.parameterNames().get(i) + " has a gradient");
        double h = 4e-3;
        double[] losses = new double[2];
        for (int side = 0; side < 2; side++) {
          for (int k = 0; k < moved.length; k++) {
            moved[k] = (float) (start[k] + (side == 0 ? h : -h) * gradient[k] / norm);
          }
          parameter.set(FloatBuffer.wrap(moved));
          losses[side] = lora.crossEntropy(data, scope).get(0).getFloat();
        }
        parameter.set(FloatBuffer.wrap(start));
        assertEquals(
            norm,
            (losses[0] - losses[1]) / (2 * h),
            3e-2 * norm + 2e-3,
            lora.parameterNames().get(i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void aSoftPromptOfTokensEmbeddingsEqualsTheTokens(Family family) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), family, 0, 15);
    List<int[]> ids = sequences(5);
    int[] before = {7, 30, 11};
    try (LanguageModel model = LanguageModel.load(path)) {
      int d = model.config().width();
      float[][] rows =
          model
              .captureIds(
                  List.of(TinyModels.prompt(before)), Capture.layers(0, 0, TokenPositions.all()))
              .at(new Layer(0));
      float[] values = new float[before.length * d];
      for (int i = 0; i < before.length; i++) {
        System.arraycopy(rows[i], 0, values, i * d, d);
      }
      List<int[]> longer =
          ids.stream()
              .map(
                  s ->
                      java.util.stream.IntStream.concat(
                              java.util.Arrays.stream(before), java.util.Arrays.stream(s))
                          .toArray())
              .toList();
      SoftPrompt soft = new SoftPrompt(before.length, d, values, TunedBlockTests.provenance());
      Steering onSecond =
          new Steering(new Layer(1), TokenPositions.range(1, 2), Steering.Kind.ADD, rows[0]);
      Steering onFifth =
          new Steering(new Layer(1), TokenPositions.range(4, 5), Steering.Kind.ADD, rows[0]);
      try (LanguageModel view = model.with(soft)) {
        near(view.nextTokenLogitsIds(ids), model.nextTokenLogitsIds(longer));
        near(
            view.with(onSecond).nextTokenLogitsIds(ids),
            model.with(onFifth).nextTokenLogitsIds(longer));
        Capture last = Capture.lastPrompt(new Layer(2));
        near(
            view.captureIds(ids.stream().map(TinyModels::prompt).toList(), last).at(new Layer(2)),
            model
                .captureIds(longer.stream().map(TinyModels::prompt).toList(), last)
                .at(new Layer(2)));
        List<Completion> soften = view.generateIds(ids, Generation.greedy(6));
        List<Completion> plain = model.generateIds(longer, Generation.greedy(6));
        for (int i = 0; i < ids.size(); i++) {
          assertArrayEquals(plain.get(i).ids(), soften.get(i).ids());
        }
      }
    }
  }

  @Test
  void negativeIdsStandForGivenInputEmbeddingsAnywhere() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.GEMMA, 0, 19);
    int[] plain = {4, 9, 21, 3, 17};
    int[] mixed = {4, -2, 21, -1, 17};
    int[] other = {12, 5};
    try (LanguageModel model = LanguageModel.load(path)) {
      float[][] rows =
          model
              .captureIds(
                  List.of(TinyModels.prompt(3, 9)), Capture.layers(0, 0, TokenPositions.all()))
              .at(new Layer(0));
      float[] before = TinyModels.noise(new Random(1), 2 * model.config().width());
      SoftPrompt soft =
          new SoftPrompt(2, model.config().width(), before, TunedBlockTests.provenance());
      try (LanguageModel view = model.withInputEmbeddings(rows);
          LanguageModel prompted = model.with(soft);
          LanguageModel both = prompted.withInputEmbeddings(rows)) {
        near(
            view.nextTokenLogitsIds(List.of(mixed, other)),
            model.nextTokenLogitsIds(List.of(plain, other)));
        near(both.nextTokenLogitsIds(List.of(mixed)), prompted.nextTokenLogitsIds(List.of(plain)));
        Generation settings = Generation.builder(5).repetitionPenalty(1.2).build();
        assertEquals(5, view.generateIds(List.of(mixed), settings).get(0).ids().length);
        assertThrows(
            IllegalArgumentException.class, () -> view.nextTokenLogitsIds(List.of(new int[] {-3})));
        assertThrows(
            IllegalArgumentException.class, () -> model.nextTokenLogitsIds(List.of(mixed)));
        assertThrows(
            IllegalArgumentException.class, () -> view.scoreIds(mixed, List.of(new int[] {-1})));
      }
    }
  }

  @Test
  void eachSequenceOfABatchIsSteeredByItsOwnChangesInTheirOrder() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.QWEN3, 0, 16);
    List<int[]> ids = sequences(6);
    Random random = new Random(7);
    try (LanguageModel model = LanguageModel.load(path)) {
      int d = model.config().width();
      float[] v = TinyModels.noise(random, d);
      float[] w = TinyModels.noise(random, d);
      Steering add = Steering.add(new Layer(1), v, 9);
      Steering ablate =
          new Steering(new Layer(1), TokenPositions.all(), Steering.Kind.PROJECT_OUT, w);
      Steering late = new Steering(new Layer(2), TokenPositions.response(), Steering.Kind.ADD, w);
      List<List<Steering>> each =
          List.of(List.of(add, ablate), List.of(ablate, add, late), List.of());
      LanguageModel view = model.withEach(each);
      float[][] together = view.nextTokenLogitsIds(ids);
      List<Completion> texts = view.generateIds(ids, Generation.greedy(6));
      for (int i = 0; i < ids.size(); i++) {
        LanguageModel alone = model.with(each.get(i).toArray(Steering[]::new));
        near(new float[][] {together[i]}, alone.nextTokenLogitsIds(List.of(ids.get(i))));
        assertArrayEquals(
            alone.generateIds(List.of(ids.get(i)), Generation.greedy(6)).get(0).ids(),
            texts.get(i).ids());
      }
      // The two orders differ, or the test could not tell.
      assertTrue(
          apart(
                  model.with(add, ablate).nextTokenLogitsIds(ids),
                  model.with(ablate, add).nextTokenLogitsIds(ids))
              > 1e-4);
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> view.nextTokenLogitsIds(ids.subList(0, 2)));
      assertTrue(e.getMessage().contains("2 sequences"), e.getMessage());
    }
  }

  @Test
  void aControlVectorTimesItsCoefficientIsSteering() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.MISTRAL, 0, 17);
    List<int[]> ids = sequences(8);
    try (LanguageModel model = LanguageModel.load(path)) {
      TreeMap<Layer, float[]> directions = new TreeMap<>();
      Random random = new Random(9);
      directions.put(new Layer(1), TinyModels.noise(random, model.config().width()));
      directions.put(new Layer(3), TinyModels.noise(random, model.config().width()));
      ControlVector vector = new ControlVector(directions, TunedBlockTests.provenance());
      LanguageModel steered =
          model.with(
              Steering.add(new Layer(1), directions.get(new Layer(1)), -2.5),
              Steering.add(new Layer(3), directions.get(new Layer(3)), -2.5));
      near(model.with(vector, -2.5).nextTokenLogitsIds(ids), steered.nextTokenLogitsIds(ids));
      near(
          model.with(vector).nextTokenLogitsIds(ids),
          model.with(vector, 1).nextTokenLogitsIds(ids));
      directions.put(new Layer(9), directions.get(new Layer(1)));
      ControlVector high = new ControlVector(directions, TunedBlockTests.provenance());
      assertThrows(CheckpointException.class, () -> model.with(high, 1));
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void everyKindOfAdapterRunsInEveryPrecision(Precision precision) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.QWEN2, 0, 20);
    List<int[]> ids = sequences(10);
    Generation greedy = Generation.greedy(4).ignoringEnd();
    try (LanguageModel wide = LanguageModel.load(path);
        LanguageModel model = LanguageModel.load(path, Device.cpu(), precision)) {
      LoraAdapter lora = TinyModels.lora(model.config(), 2, 1, new Layer(1), new Layer(2));
      TunedBlock block;
      try (TrainableBlock trained = TrainableBlock.of(wide, new Layer(2))) {
        trained.parameters().get(1).muli(1.5);
        block = trained.snapshot(TunedBlockTests.provenance());
      }
      int d = model.config().width();
      SoftPrompt soft =
          new SoftPrompt(
              2, d, TinyModels.noise(new Random(3), 2 * d), TunedBlockTests.provenance());
      Steering add = Steering.add(new Layer(1), TinyModels.noise(new Random(4), d), 2);
      for (Adapter adapter : List.of(lora, block, soft)) {
        try (LanguageModel view = model.with(adapter);
            LanguageModel reference = wide.with(adapter)) {
          float[][] own = view.with(add).nextTokenLogitsIds(ids);
          float[][] exact = reference.with(add).nextTokenLogitsIds(ids);
          for (int i = 0; i < own.length; i++) {
            assertTrue(TinyModels.relative(own[i], exact[i]) < 0.1, adapter.getClass().getName());
          }
          assertEquals(4, view.generateIds(ids, greedy).get(0).ids().length);
        }
      }
      try (LanguageModel merged = model.withMerged(lora);
          TrainableBlock live = TrainableBlock.of(model, new Layer(1))) {
        assertEquals(4, merged.generateIds(ids, greedy).get(0).ids().length);
        assertEquals(4, live.view().generateIds(ids, greedy).get(0).ids().length);
      }
    }
  }

  @Test
  void aTunedBlockReplacesALorasChangesOfItToo() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 21);
    List<int[]> ids = sequences(11);
    try (LanguageModel model = LanguageModel.load(path)) {
      LoraAdapter lora = TinyModels.lora(model.config(), 2, 1, new Layer(2));
      TunedBlock block;
      try (TrainableBlock same = TrainableBlock.of(model, new Layer(2))) {
        block = same.snapshot(TunedBlockTests.provenance());
      }
      try (LanguageModel applied = model.with(lora);
          LanguageModel replaced = applied.with(block)) {
        near(replaced.nextTokenLogitsIds(ids), model.nextTokenLogitsIds(ids));
        assertThrows(
            IllegalArgumentException.class, () -> TrainableBlock.of(applied, new Layer(1)));
        assertThrows(IllegalArgumentException.class, () -> TrainableWeights.all(applied));
      }
    }
  }

  @Test
  void steeringOfTheResponseCountsWhereTheResponseBegins() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 22);
    int[] ids = {4, 9, 21, 3, 17, 8};
    try (LanguageModel model = LanguageModel.load(path)) {
      float[] v = TinyModels.noise(new Random(1), model.config().width());
      Layer layer = new Layer(1);
      Capture all = Capture.layers(1, 1, TokenPositions.all());
      float[][] plain = model.captureIds(List.of(TinyModels.prompt(ids)), all).at(layer);
      Steering response = new Steering(layer, TokenPositions.response(), Steering.Kind.ADD, v);
      Steering last = new Steering(layer, TokenPositions.lastPrompt(), Steering.Kind.ADD, v);
      List<Encoded> whole = List.of(new Encoded(ids, 4));
      float[][] inResponse = model.with(response).captureIds(whole, all).at(layer);
      float[][] atLast = model.with(last).captureIds(whole, all).at(layer);
      for (int p = 0; p < ids.length; p++) {
        assertEquals(p >= 4, TinyModels.difference(inResponse[p], plain[p]) > 1e-3, "token " + p);
        assertEquals(p == 3, TinyModels.difference(atLast[p], plain[p]) > 1e-3, "token " + p);
      }
    }
  }

  @Test
  void capturesGoOnWhileViewsAreMergedAndTrained() throws Exception {
    Path path = TinyModels.write(folder.resolve("m"), Family.QWEN3, 0, 23);
    List<int[]> ids = sequences(12);
    try (LanguageModel model = LanguageModel.load(path)) {
      LoraAdapter lora = TinyModels.lora(model.config(), 2, 1, new Layer(1), new Layer(2));
      float[][] expected = model.nextTokenLogitsIds(ids);
      var pool = java.util.concurrent.Executors.newFixedThreadPool(3);
      try {
        List<java.util.concurrent.Future<?>> work = new ArrayList<>();
        for (int t = 0; t < 2; t++) {
          work.add(
              pool.submit(
                  () -> {
                    for (int i = 0; i < 150; i++) {
                      near(model.nextTokenLogitsIds(ids), expected);
                    }
                  }));
        }
        work.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < 60; i++) {
                    model.withMerged(lora).close();
                    try (LanguageModel one = model.with(lora)) {
                      one.with(lora).close();
                    }
                    TrainableBlock.of(model, new Layer(1)).close();
                  }
                }));
        for (var w : work) {
          w.get();
        }
      } finally {
        pool.shutdownNow();
      }
    }
  }

  @Test
  void viewsLeaveNoMemoryBehind() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 18);
    try (LanguageModel model = LanguageModel.load(path)) {
      LoraAdapter lora = TinyModels.lora(model.config(), 2, 1, new Layer(1));
      List<int[]> ids = sequences(9);
      int before = arrays(model.pass().manager());
      for (int i = 0; i < 20; i++) {
        try (LanguageModel view = model.with(lora)) {
          view.nextTokenLogitsIds(ids);
        }
      }
      assertEquals(before, arrays(model.pass().manager()));
    }
  }

  private static int arrays(NDManager manager) {
    return ((ai.djl.ndarray.BaseNDManager) manager).getManagedArrays().size();
  }
}
