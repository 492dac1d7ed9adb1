package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.Gate.Function;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.Gate.Reading.Measure;
import org.alignment4j.adapter.Gate.Reading.State;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gated edits computed by a model: their numbers, alone, in batches and with a cache. */
class GatedEditTests {
  private static final double NEAR = 5e-5;
  private static final int D = 24;
  private static final List<Positions> POSITIONS =
      List.of(
          Positions.ALL,
          Positions.PROMPT,
          Positions.LAST_PROMPT,
          Positions.RESPONSE,
          Positions.promptEnds(2, 1));

  @TempDir Path folder;

  static GatedEdit edit(Change... changes) {
    return new GatedEdit(List.of(changes), TunedBlockTests.provenance());
  }

  static Affine affine(Random random, int rank) {
    return new Affine(
        rank,
        TinyModels.noise(random, D * rank),
        TinyModels.noise(random, rank * D),
        TinyModels.noise(random, D));
  }

  private static Reading reading(Random random, State state, Measure measure, int layer) {
    return new Reading(new Layer(layer), state, measure, TinyModels.noise(random, D));
  }

  /** A gate whose value differs from prompt to prompt, and no threshold where one may be missed. */
  private static Gate smooth(Random random, State state, Measure measure, int layer) {
    Reading r = reading(random, state, measure, layer);
    return random.nextBoolean() ? Gate.logistic(r, 1.3, 0.4) : Gate.clipped(r, 0.7, 0.3, -0.6, 0.9);
  }

  /** An edit with gates of every kind, changes at every site and positions of every kind. */
  static GatedEdit everything(long seed) {
    Random random = new Random(seed);
    List<Change> changes = new ArrayList<>();
    int n = 0;
    for (Positions positions : POSITIONS) {
      for (Site site : Site.values()) {
        int layer = 1 + n % 3;
        State state = State.values()[n % 3];
        Measure measure = Measure.values()[(n / 3 + n) % 3];
        int read = random.nextInt(site == Site.BLOCK ? layer + 1 : layer);
        changes.add(
            new Change(
                new Layer(layer),
                site,
                positions,
                affine(random, n % 4),
                smooth(random, state, measure, read)));
        n++;
      }
    }
    changes.add(Change.always(new Layer(0), affine(random, 2)));
    return edit(changes.toArray(Change[]::new));
  }

  private static float[] floats(double[] x) {
    float[] y = new float[x.length];
    for (int j = 0; j < y.length; j++) {
      y[j] = (float) x[j];
    }
    return y;
  }

  /** Applies an edit to a prompt's states as its definition says. */
  private static LlamaReference.Hook hook(GatedEdit edit, int prompt) {
    double[][][] values = new double[edit.changes().size()][][];
    return (place, x) -> {
      for (int i = 0; i < values.length; i++) {
        Reading r = edit.changes().get(i).gate().reading();
        if (r != null && 2 * r.layer().index() == place) {
          values[i] = new double[][] {gates(edit.changes().get(i).gate(), r.state(), x, prompt)};
        }
      }
      for (int i = 0; i < values.length; i++) {
        Change c = edit.changes().get(i);
        if (2 * c.layer().index() - (c.site() == Site.ATTENTION ? 1 : 0) == place) {
          for (int t = 0; t < x.length; t++) {
            boolean applies =
                switch (c.positions().kind()) {
                  case ALL -> true;
                  case PROMPT -> t < prompt;
                  case LAST_PROMPT -> t == prompt - 1;
                  case RESPONSE -> t >= prompt;
                  case PROMPT_ENDS -> t < prompt && (t < 2 || t >= prompt - 1);
                };
            double g = values[i] == null ? c.gate().high() : values[i][0][t];
            double[] y = c.affine().apply(floats(x[t]));
            for (int j = 0; j < y.length && applies; j++) {
              x[t][j] += g * y[j];
            }
          }
        }
      }
    };
  }

  private static double[] gates(Gate gate, State state, double[][] x, int prompt) {
    double[] values = new double[x.length];
    for (int t = 0; t < x.length; t++) {
      double[] h = x[state == State.LAST_PROMPT ? prompt - 1 : t].clone();
      if (state == State.PROMPT_MEAN) {
        for (int j = 0; j < h.length; j++) {
          int at = j;
          h[j] = Arrays.stream(x, 0, prompt).mapToDouble(r -> r[at]).average().orElseThrow();
        }
      }
      values[t] = gate.value(floats(h));
    }
    return values;
  }

  private static float[] logits(LanguageModel view, int[] ids, int prompt) {
    // A continuation of one token more: its log-probabilities over the vocabulary, up to a
    // constant.
    List<Encoded> each =
        IntStream.range(0, TinyModels.VOCABULARY)
            .mapToObj(
                next -> {
                  int[] longer = Arrays.copyOf(ids, ids.length + 1);
                  longer[ids.length] = next;
                  return new Encoded(longer, prompt);
                })
            .toList();
    return floats(view.logProbabilities(each));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void theEditedPassIsThatOfPlainLoops(long seed) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, seed);
    Random random = new Random(seed);
    int[] ids = TinyModels.ids(random, 9);
    GatedEdit edit = everything(seed);
    try (LanguageModel model = LanguageModel.load(path);
        LanguageModel view = model.with(edit)) {
      LlamaReference reference = new LlamaReference(model.config(), path);
      float[] plain = floats(reference.logits(ids, (place, x) -> {}));
      float[] edited = floats(reference.logits(ids, hook(edit, ids.length)));
      assertTrue(TinyModels.relative(model.nextTokenLogitsIds(List.of(ids))[0], plain) < NEAR);
      assertTrue(TinyModels.relative(view.nextTokenLogitsIds(List.of(ids))[0], edited) < NEAR);
      assertTrue(TinyModels.relative(edited, plain) > 1e-2, "the edit matters");
      // With a response: differences of log-probabilities are differences of logits.
      float[] found = logits(view, ids, 5);
      float[] expected = floats(reference.logits(ids, hook(edit, 5)));
      double shift = 0;
      for (int i = 0; i < TinyModels.VOCABULARY; i++) {
        // The first tokens of the response are the same in all: their sum is the shift.
        shift += ((double) expected[i] - found[i]) / TinyModels.VOCABULARY;
      }
      for (int i = 0; i < TinyModels.VOCABULARY; i++) {
        assertEquals(expected[i], found[i] + shift, 5e-4, "token " + i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Function.class)
  void everyFunctionOfAGateIsComputed(Function function) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 8);
    Random random = new Random(8);
    List<int[]> ids =
        IntStream.range(0, 12).mapToObj(i -> TinyModels.ids(random, 3 + i % 4)).toList();
    Reading r = reading(random, State.LAST_PROMPT, Measure.PROJECTION, 1);
    Gate gate = new Gate(function, 1.7, 0.05, -0.5, 1.5, function == Function.CONSTANT ? null : r);
    GatedEdit edit =
        edit(new Change(new Layer(2), Site.BLOCK, Positions.ALL, affine(random, 2), gate));
    try (LanguageModel model = LanguageModel.load(path);
        LanguageModel view = model.with(edit)) {
      LlamaReference reference = new LlamaReference(model.config(), path);
      float[][] found = view.nextTokenLogitsIds(ids);
      for (int i = 0; i < ids.size(); i++) {
        int[] own = ids.get(i);
        float[] expected = floats(reference.logits(own, hook(edit, own.length)));
        assertTrue(TinyModels.relative(found[i], expected) < NEAR, "sequence " + i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void aBatchGivesWhatEachSequenceGivesAlone(Family family) throws IOException {
    int window = family == Family.MISTRAL ? 4 : 0;
    Path path = TinyModels.write(folder.resolve("m"), family, window, 21);
    Random random = new Random(21);
    List<int[]> ids =
        IntStream.range(0, 6).mapToObj(i -> TinyModels.ids(random, 1 + i * 2)).toList();
    try (LanguageModel model = LanguageModel.load(path);
        LanguageModel view = model.with(everything(21))) {
      float[][] together = view.nextTokenLogitsIds(ids);
      List<Completion> texts = view.generateIds(ids, greedy());
      for (int i = 0; i < ids.size(); i++) {
        List<int[]> own = List.of(ids.get(i));
        assertTrue(
            TinyModels.relative(together[i], view.nextTokenLogitsIds(own)[0]) < NEAR, "row " + i);
        Completion alone = view.generateIds(own, greedy()).get(0);
        assertArrayEquals(alone.ids(), texts.get(i).ids());
        double[] expected = sums(alone);
        assertArrayEquals(expected, sums(texts.get(i)), 1e-3);
      }
    }
  }

  private static Generation greedy() {
    return Generation.builder(7).ignoreEnd(true).logProbabilities(true).build();
  }

  private static double[] sums(Completion c) {
    float[] p = c.logProbabilities();
    double[] wide = new double[p.length];
    for (int i = 0; i < p.length; i++) {
      wide[i] = p[i];
    }
    return wide;
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void generationAndScoringWithACacheAreRecomputation(Family family) throws IOException {
    int window = family == Family.MISTRAL ? 4 : 0;
    Path path = TinyModels.write(folder.resolve("m"), family, window, 22);
    Random random = new Random(22);
    List<int[]> ids = List.of(TinyModels.ids(random, 8), TinyModels.ids(random, 3));
    try (LanguageModel model = LanguageModel.load(path);
        LanguageModel view = model.with(everything(22))) {
      List<Completion> texts = view.generateIds(ids, greedy());
      for (int i = 0; i < ids.size(); i++) {
        int[] prompt = ids.get(i);
        int[] response = texts.get(i).ids();
        int[] whole = Arrays.copyOf(prompt, prompt.length + response.length);
        System.arraycopy(response, 0, whole, prompt.length, response.length);
        double expected = view.logProbabilities(List.of(new Encoded(whole, prompt.length)))[0];
        double plain = model.logProbabilities(List.of(new Encoded(whole, prompt.length)))[0];
        assertEquals(expected, Arrays.stream(sums(texts.get(i))).sum(), 2e-3);
        assertTrue(Math.abs(plain - expected) > 1e-2, "the edit matters");
        ContinuationScore score = view.scoreIds(prompt, List.of(new int[] {3, 1}, response)).get(1);
        assertEquals(expected, score.sum(), 2e-3);
      }
    }
  }

  @Test
  void aThresholdOpensTheGateForSomeSequencesAndForTheWholeOfThem() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.QWEN3, 0, 23);
    Random random = new Random(23);
    List<int[]> ids = IntStream.range(0, 8).mapToObj(i -> TinyModels.ids(random, 2 + i)).toList();
    Affine map = Affine.constant(TinyModels.noise(random, D)).times(20);
    try (LanguageModel model = LanguageModel.load(path)) {
      for (Measure measure : Measure.values()) {
        Reading r = reading(random, State.LAST_PROMPT, measure, 1);
        float[][] states =
            model
                .captureIds(
                    ids.stream().map(TinyModels::prompt).toList(), Capture.lastPrompt(r.layer()))
                .at(r.layer());
        double[] s = Arrays.stream(states).mapToDouble(r::of).toArray();
        double[] sorted = s.clone();
        Arrays.sort(sorted);
        double threshold = (sorted[3] + sorted[4]) / 2;
        Change always = Change.always(new Layer(2), map);
        Change above =
            new Change(new Layer(2), Site.BLOCK, Positions.ALL, map, Gate.above(r, threshold));
        Change below =
            new Change(new Layer(2), Site.BLOCK, Positions.ALL, map, Gate.below(r, threshold));
        try (LanguageModel open = model.with(edit(always));
            LanguageModel upper = model.with(edit(above));
            LanguageModel lower = model.with(edit(below))) {
          List<Completion> base = model.generateIds(ids, greedy());
          List<Completion> changed = open.generateIds(ids, greedy());
          List<Completion> high = upper.generateIds(ids, greedy());
          List<Completion> low = lower.generateIds(ids, greedy());
          int opened = 0;
          for (int i = 0; i < s.length; i++) {
            boolean in = s[i] >= threshold;
            opened += in ? 1 : 0;
            assertArrayEquals((in ? changed : base).get(i).ids(), high.get(i).ids());
            assertArrayEquals((in ? base : changed).get(i).ids(), low.get(i).ids());
            assertArrayEquals(sums((in ? changed : base).get(i)), sums(high.get(i)), 1e-4);
          }
          assertEquals(4, opened);
        }
      }
    }
  }

  @Test
  void addingAndProjectingOutAreGatedEdits() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.GEMMA2, 0, 24);
    Random random = new Random(24);
    List<int[]> ids = List.of(TinyModels.ids(random, 5), TinyModels.ids(random, 9));
    float[] v = TinyModels.noise(random, D);
    float[] w = TinyModels.noise(random, D);
    try (LanguageModel model = LanguageModel.load(path);
        LanguageModel first =
            model.with(edit(Change.always(new Layer(2), Affine.constant(v).times(3))));
        LanguageModel view =
            first.with(edit(Change.always(new Layer(2), Affine.minusProjection(w))))) {
      LanguageModel steered =
          model.with(
              Steering.add(new Layer(2), v, 3),
              new Steering(new Layer(2), TokenPositions.all(), Steering.Kind.PROJECT_OUT, w));
      float[][] expected = steered.nextTokenLogitsIds(ids);
      float[][] found = view.nextTokenLogitsIds(ids);
      for (int i = 0; i < ids.size(); i++) {
        assertTrue(TinyModels.relative(found[i], expected[i]) < NEAR);
      }
      float[][] states =
          view.captureIds(
                  ids.stream().map(TinyModels::prompt).toList(),
                  new Capture(List.of(new Layer(2)), TokenPositions.all()))
              .at(new Layer(2));
      Reading along = new Reading(new Layer(2), State.EACH_TOKEN, Measure.COSINE, w);
      for (float[] h : states) {
        assertEquals(0, along.of(h), 1e-6, "nothing is left along the direction");
      }
      // Steering and edits apply in the order of the views.
      LanguageModel mixed = first.with(steering(w));
      for (int i = 0; i < ids.size(); i++) {
        assertTrue(TinyModels.relative(mixed.nextTokenLogitsIds(ids)[i], expected[i]) < NEAR);
      }
      float[][] each =
          first.withEach(List.of(List.of(steering(w)), List.of())).nextTokenLogitsIds(ids);
      assertTrue(TinyModels.relative(each[0], expected[0]) < NEAR);
      assertTrue(TinyModels.relative(each[1], first.nextTokenLogitsIds(ids)[1]) < NEAR);
    }
  }

  private static Steering steering(float[] w) {
    return new Steering(new Layer(2), TokenPositions.all(), Steering.Kind.PROJECT_OUT, w);
  }

  @Test
  void anEditThatDoesNotFitIsRefusedByName() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 25);
    try (LanguageModel model = LanguageModel.load(path)) {
      refused(model, edit(Change.always(new Layer(4), affine(new Random(1), 1))), "layer 4");
      refused(
          model, edit(Change.always(new Layer(1), Affine.constant(new float[7]))), "width is 7");
      try (LanguageModel view = model.with(everything(1))) {
        IllegalArgumentException e =
            assertThrows(
                IllegalArgumentException.class, () -> TrainableBlock.of(view, new Layer(1)));
        assertTrue(e.getMessage().contains("gated edit"), e.getMessage());
      }
    }
  }

  private static void refused(LanguageModel model, GatedEdit edit, String named) {
    CheckpointException e = assertThrows(CheckpointException.class, () -> model.with(edit).close());
    assertTrue(e.getMessage().contains(named), e.getMessage());
  }

  @Test
  void halfPrecisionFollowsFloat32() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.QWEN2, 0, 26);
    List<int[]> ids = List.of(TinyModels.ids(new Random(26), 6));
    GatedEdit edit = everything(26);
    try (LanguageModel wide = LanguageModel.load(path);
        LanguageModel exact = wide.with(edit);
        LanguageModel model = LanguageModel.load(path, Device.cpu(), Precision.BFLOAT16);
        LanguageModel view = model.with(edit)) {
      assertTrue(
          TinyModels.relative(view.nextTokenLogitsIds(ids)[0], exact.nextTokenLogitsIds(ids)[0])
              < 0.1);
      assertEquals(7, view.generateIds(ids, greedy()).get(0).ids().length);
    }
  }

  @Test
  void manyThreadsShareAView() throws Exception {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 27);
    List<int[]> ids = List.of(TinyModels.ids(new Random(27), 6), TinyModels.ids(new Random(2), 4));
    try (LanguageModel model = LanguageModel.load(path);
        LanguageModel view = model.with(everything(27))) {
      float[][] expected = view.nextTokenLogitsIds(ids);
      int[] text = view.generateIds(ids, greedy()).get(0).ids();
      var pool = java.util.concurrent.Executors.newFixedThreadPool(2);
      try {
        List<java.util.concurrent.Future<?>> work = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
          boolean generates = i % 2 == 0;
          work.add(
              pool.submit(
                  () -> {
                    if (generates) {
                      assertArrayEquals(text, view.generateIds(ids, greedy()).get(0).ids());
                    } else {
                      assertArrayEquals(expected[1], view.nextTokenLogitsIds(ids)[1], 1e-4f);
                    }
                  }));
        }
        for (var w : work) {
          w.get();
        }
      } finally {
        pool.shutdownNow();
      }
    }
  }
}
