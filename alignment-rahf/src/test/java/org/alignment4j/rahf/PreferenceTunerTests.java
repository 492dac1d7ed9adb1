package org.alignment4j.rahf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.FittedResponses;
import org.alignment4j.rahf.PreferenceSettings.Instructions;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceSettings.TargetBase;
import org.alignment4j.rahf.PreferenceTuner.EncodedPair;
import org.alignment4j.rahf.PreferenceTuner.PreferenceTuning;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every method keeps to, on a random model. */
class PreferenceTunerTests {
  private static final List<PreferencePair> PAIRS = StyleTask.pairs(12, 3);

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

  private static PreferenceSettings.Builder<PreferenceTuner> settings(
      PreferenceMethod method, Path checkpoints) {
    TrainingSettings training =
        TrainingSettings.builder()
            .epochs(3)
            .batchSize(4)
            .learningRate(1e-2)
            .seed(7)
            .checkpointEvery(1)
            .checkpointFolder(checkpoints)
            .build();
    return PreferenceTuner.builder(method)
        .lora(new TrainableLora.Shape(2, 4, 0.2, List.of("q_proj", "v_proj")))
        .learn(training)
        .fit(training)
        .instructions(new Instructions("good", "bad"))
        .layers(List.of(new Layer(2), new Layer(4)));
  }

  private static LoraAdapter tune(PreferenceTuner tuner, ProgressListener progress) {
    return tuner.tune(model, PAIRS, progress).adapter();
  }

  private static void assertSame(LoraAdapter expected, LoraAdapter found) {
    assertEquals(expected.targets().size(), found.targets().size());
    for (int i = 0; i < expected.targets().size(); i++) {
      assertArrayEquals(expected.targets().get(i).a(), found.targets().get(i).a());
      assertArrayEquals(expected.targets().get(i).b(), found.targets().get(i).b());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = PreferenceMethod.class,
      names = {"DPO", "RAHF_SCIT", "CIRCUIT_BREAKERS"})
  void interruptedAndResumedGivesTheSameAdapterBitForBit(
      PreferenceMethod method, @TempDir Path whole, @TempDir Path parts) {
    resumes(method, whole, parts);
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource(
      value = PreferenceMethod.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"DPO", "RAHF_SCIT", "CIRCUIT_BREAKERS"})
  void everyOtherMethodResumesBitForBitToo(
      PreferenceMethod method, @TempDir Path whole, @TempDir Path parts) {
    resumes(method, whole, parts);
  }

  private static void resumes(PreferenceMethod method, Path whole, Path parts) {
    LoraAdapter expected = tune(settings(method, whole).build(), ProgressListener.NONE);
    PreferenceTuner tuner = settings(method, parts).build();
    Random random = new Random(method.ordinal());
    int interruptions = 0;
    for (int attempt = 0; attempt < 4; attempt++) {
      int[] left = {1 + random.nextInt(5)};
      try {
        tune(
            tuner,
            p -> {
              if (--left[0] == 0) {
                Thread.currentThread().interrupt();
              }
            });
        break;
      } catch (CancelledException e) {
        assertTrue(Thread.interrupted());
        interruptions++;
      }
    }
    assertTrue(interruptions > 0);
    assertSame(expected, tune(tuner, ProgressListener.NONE));
  }

  /** Without a difference the fit has nothing to learn on top of step 1's model. */
  @ParameterizedTest
  @EnumSource(
      value = PreferenceMethod.class,
      names = {"RAHF_SCIT", "RAHF_DUAL"})
  void aFitFromStepOneContainsStepOne(PreferenceMethod method) {
    PreferenceTuning tuning =
        settings(method, null)
            .alpha(0)
            .base(TargetBase.STEP1)
            .responses(FittedResponses.BOTH)
            .fromStepOne()
            .lora(new TrainableLora.Shape(2, 4, 0, List.of("q_proj", "v_proj")))
            .build()
            .tune(model, PAIRS, ProgressListener.NONE);
    LoraAdapter taught = tuning.steps().get(method == PreferenceMethod.RAHF_SCIT ? "scit" : "good");
    assertEquals(2 * taught.rank(), tuning.adapter().rank());
    List<int[]> ids = List.of(new int[] {3, 4, 5});
    try (LanguageModel tuned = model.with(tuning.adapter());
        LanguageModel stepOne = model.with(taught)) {
      float[] before = stepOne.nextTokenLogitsIds(ids)[0];
      assertArrayEquals(before, tuned.nextTokenLogitsIds(ids)[0], 1e-4f);
      assertFalse(Arrays.equals(before, model.nextTokenLogitsIds(ids)[0]));
    }
  }

  @Test
  void onlyMethodsWithAStepOneStartFromIt() {
    assertThrows(
        IllegalArgumentException.class,
        () -> settings(PreferenceMethod.LORRA, null).fromStepOne().build());
  }

  @Test
  void responsesAreFittedAsAsked() {
    EncodedPairs pairs = EncodedPairs.of(model, PAIRS, null);
    int n = pairs.pairs().size();
    for (FittedResponses which : FittedResponses.values()) {
      List<FitRow> rows = FitRow.of(pairs.pairs(), which, 5);
      assertEquals(which == FittedResponses.BOTH ? 2 * n : n, rows.size());
      int chosen = 0;
      for (int i = 0; i < rows.size(); i++) {
        FitRow row = rows.get(i);
        EncodedPair pair = pairs.pairs().get(which == FittedResponses.BOTH ? i / 2 : i);
        assertEquals(i, row.number());
        boolean first = row.plain().equals(pair.chosen().plain());
        assertTrue(first || row.plain().equals(pair.rejected().plain()));
        chosen += first ? 1 : 0;
      }
      switch (which) {
        case CHOSEN, BOTH -> assertEquals(n, chosen);
        case REJECTED -> assertEquals(0, chosen);
        case RANDOM -> assertTrue(chosen > 0 && chosen < n);
      }
      assertEquals(rows, FitRow.of(pairs.pairs(), which, 5));
    }
  }

  @Test
  void alphaZeroChangesNothing() {
    PreferenceTuner tuner =
        settings(PreferenceMethod.LORRA, null)
            .alpha(0)
            .lora(new TrainableLora.Shape(2, 4, 0, List.of("q_proj", "v_proj")))
            .build();
    LoraAdapter adapter = tune(tuner, ProgressListener.NONE);
    float[] before = model.nextTokenLogitsIds(List.of(new int[] {3, 4, 5}))[0];
    try (LanguageModel tuned = model.with(adapter)) {
      assertArrayEquals(before, tuned.nextTokenLogitsIds(List.of(new int[] {3, 4, 5}))[0], 0f);
    }
  }

  @ParameterizedTest
  @EnumSource(PreferenceMethod.class)
  void aLoraAboveTheTopTargetDoesNotExist(PreferenceMethod method) {
    LoraAdapter adapter = tune(settings(method, null).build(), ProgressListener.NONE);
    int top = adapter.targets().stream().mapToInt(t -> t.layer().index()).max().orElseThrow();
    boolean logits = method.learns() && !method.fits();
    assertEquals(logits ? 6 : 4, top);
    assertTrue(
        adapter.targets().stream().allMatch(t -> nonZero(t.b())), "a matrix got no gradient");
  }

  private static boolean nonZero(float[] values) {
    for (float f : values) {
      if (f != 0) {
        return true;
      }
    }
    return false;
  }

  @Test
  void pairsThatCannotBeLearnedFromAreNamedAndTheOthersLearned() {
    List<PreferencePair> pairs = new ArrayList<>(PAIRS);
    Prompt prompt = Prompt.user("say run");
    pairs.add(new PreferencePair("no answer", prompt, " ", "so run now"));
    pairs.add(new PreferencePair("no other", prompt, "so run now", ""));
    pairs.add(new PreferencePair("same", prompt, "so run now", "so run now"));
    pairs.add(new PreferencePair("long", Prompt.user("run ".repeat(200)), "so", "now"));
    PreferenceTuning tuning =
        settings(PreferenceMethod.SFT, null).build().tune(model, pairs, ProgressListener.NONE);
    assertEquals(
        List.of("no answer", "no other", "same", "long"),
        tuning.unused().stream().map(u -> pairs.get(u.index()).id()).toList());
    assertTrue(tuning.unused().get(3).reason().contains("the context 128"));
    assertSame(
        tune(settings(PreferenceMethod.SFT, null).build(), ProgressListener.NONE),
        tuning.adapter());
    BadDataException e =
        assertThrows(
            BadDataException.class,
            () ->
                settings(PreferenceMethod.DPO, null)
                    .build()
                    .tune(model, pairs.subList(12, 14), ProgressListener.NONE));
    assertTrue(e.getMessage().contains("no answer"), e.getMessage());
  }

  @Test
  void circuitBreakersTakePairsOfWhichOneResponseIsEmpty() {
    Prompt prompt = Prompt.user("say run");
    List<PreferencePair> pairs = new ArrayList<>();
    pairs.add(new PreferencePair("kept", prompt, "so run please", ""));
    pairs.add(new PreferencePair("broken", prompt, " ", "so run now"));
    pairs.add(new PreferencePair("neither", prompt, " ", ""));
    pairs.add(new PreferencePair("same", prompt, "so run now", "so run now"));
    pairs.add(new PreferencePair("long", Prompt.user("run ".repeat(200)), "so", ""));
    PreferenceTuner tuner = settings(PreferenceMethod.CIRCUIT_BREAKERS, null).build();
    PreferenceTuning tuning = tuner.tune(model, pairs, ProgressListener.NONE);
    assertEquals(
        List.of("neither", "same", "long"),
        tuning.unused().stream().map(u -> pairs.get(u.index()).id()).toList());
    assertEquals(2, tuning.adapter().provenance().metrics().get("pairs"));
    // The two sides together are what a pair with both is.
    PreferencePair both = new PreferencePair("both", prompt, "so run please", "so run now");
    assertSame(tune(tuner, List.of(both)), tuning.adapter());
    for (int i : new int[] {0, 1}) {
      BadDataException e =
          assertThrows(BadDataException.class, () -> tune(tuner, List.of(pairs.get(i))));
      assertTrue(e.getMessage().contains(i == 0 ? "a rejected" : "a chosen"), e.getMessage());
    }
  }

  private static LoraAdapter tune(PreferenceTuner tuner, List<PreferencePair> pairs) {
    return tuner.tune(model, pairs, ProgressListener.NONE).adapter();
  }

  /** Algorithm 1 of the paper: after T steps both coefficients are half of alpha. */
  @Test
  void circuitBreakersHaveThePublishedDefaultsAndCoefficients() {
    PreferenceSettings published =
        PreferenceSettings.builder(PreferenceMethod.CIRCUIT_BREAKERS).build();
    assertEquals(List.of(new Layer(10), new Layer(20)), published.layers(32));
    assertEquals(150, published.fit().totalSteps(1000));
    assertEquals(10, published.alpha());
    assertEquals(16, published.lora().rank());
    List<Double> losses = new ArrayList<>();
    PreferenceTuning tuning =
        settings(PreferenceMethod.CIRCUIT_BREAKERS, null)
            .alpha(2)
            .build()
            .tune(model, PAIRS, ProgressListener.NONE);
    tuning
        .training()
        .history()
        .forEach(
            s -> {
              double t = s.step() / 18.0; // T is 9
              double aligned = s.metrics().getOrDefault("aligned", Double.NaN);
              double distance = s.metrics().getOrDefault("distance", Double.NaN);
              losses.add(s.loss());
              assertEquals(2 * (1 - t) * aligned + 2 * t * distance, s.loss(), 1e-4);
            });
    assertEquals(9, losses.size());
    assertEquals(2 * (1 - 1 / 18.0), losses.get(0), 1e-4, "the start model is aligned with itself");
  }

  @Test
  void weightExtrapolationGoesFromTheBadModelPastTheGoodOne() {
    PreferenceTuning tuning =
        settings(PreferenceMethod.RAHF_DUAL, null)
            .build()
            .tune(model, PAIRS, ProgressListener.NONE);
    LoraAdapter good = tuning.steps().get("good");
    LoraAdapter bad = tuning.steps().get("bad");
    LoraAdapter both = WeightExtrapolation.of(good, bad, 0.5);
    PreferenceTuning method =
        settings(PreferenceMethod.WEIGHT_EXTRAPOLATION, null)
            .extrapolation(0.5)
            .build()
            .tune(model, PAIRS, ProgressListener.NONE);
    assertSame(both, method.adapter());
    assertEquals(Set.of("good", "bad"), method.trainings().keySet());
    assertEquals(0.5, method.adapter().provenance().settings().get("extrapolation"));
    for (int i = 0; i < both.targets().size(); i++) {
      double[] g = product(good, i);
      double[] b = product(bad, i);
      double[] x = product(both, i);
      for (int k = 0; k < x.length; k++) {
        assertEquals(g[k] + 0.5 * (g[k] - b[k]), x[k], 1e-6);
      }
    }
  }

  private static double[] product(LoraAdapter lora, int target) {
    LoraAdapter.Target t = lora.targets().get(target);
    int rank = lora.rank();
    double[] w = new double[t.out() * t.in()];
    for (int o = 0; o < t.out(); o++) {
      for (int i = 0; i < t.in(); i++) {
        for (int r = 0; r < rank; r++) {
          w[o * t.in() + i] += lora.scale() * t.b()[o * rank + r] * t.a()[r * t.in() + i];
        }
      }
    }
    return w;
  }
}
