package org.alignment4j.sysformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.alignment4j.Tuning;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.model.EmbeddedPrompt;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.testing.RandomChatModel;
import org.alignment4j.train.TrainingSettings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DRO on a random model whose refusals a scripted judge makes up. */
class DroTunerTests {
  private static final String SYSTEM = "run or sing";
  private static final RefusalJudge JUDGE =
      (prompt, answer) ->
          prompt.startsWith("steal") ? RefusalVerdict.FULL_REFUSAL : RefusalVerdict.FULL_COMPLIANCE;
  private static final List<GuardPrompt> TASK = new ArrayList<>();

  static {
    for (String what : List.of("bread", "song", "a house", "gold", "two cars", "time", "ink")) {
      TASK.add(GuardPrompt.harmful("steal " + what));
      TASK.add(GuardPrompt.harmless("bake " + what));
    }
  }

  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    List<String> words = List.of("bake", "steal", "bread", "run", "song", "sorry", "sure", "user");
    model = LanguageModel.load(RandomChatModel.write(folder, words));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static DroTuner.Builder<DroTuner> tuner() {
    TrainingSettings training =
        TrainingSettings.builder().epochs(40).batchSize(14).learningRate(1e-4).seed(3).build();
    return DroTuner.builder().systemText(SYSTEM).training(training).judge(JUDGE, 2);
  }

  private static float[][] features(Sysformer sysformer) {
    try (SysformerGuard guard = new SysformerGuard(model, sysformer)) {
      List<Prompt> asked = TASK.stream().map(GuardPrompt::prompt).toList();
      return EmbeddedPrompt.run(model, guard.adapt(asked), Features::of);
    }
  }

  /** Features move along the refusal direction, up for harmful requests and down for others. */
  @Test
  void itMovesRequestsApart() {
    RequestEncoder encoder = new RequestEncoder(model.tokenizer(), SYSTEM);
    List<int[]> under =
        TASK.stream().map(p -> encoder.row(p.prompt(), false).encoded().ids()).toList();
    float[][] before = Features.of(model, under);
    boolean[] harmful = new boolean[TASK.size()];
    for (int i = 0; i < harmful.length; i++) {
      harmful[i] = TASK.get(i).harmful();
    }
    DroDirections directions = DroDirections.fit(before, harmful, harmful, 4);
    Tuning<Sysformer> tuning = tuner().build().tune(model, TASK, ProgressListener.NONE);
    assertEquals(0, tuning.adapter().shape().layers());
    float[][] after = features(tuning.adapter());
    double[] mean = new double[2];
    for (int i = 0; i < harmful.length; i++) {
      for (int d = 0; d < before[i].length; d++) {
        mean[harmful[i] ? 1 : 0] += directions.refusal()[d] * (after[i][d] - before[i][d]);
      }
    }
    assertTrue(mean[1] > mean[0], mean[0] + " and " + mean[1]);
    List<Double> losses = tuning.training().history().stream().map(s -> s.loss()).toList();
    assertTrue(losses.get(losses.size() - 1) < losses.get(0), losses::toString);
    // at the start nothing has moved: log 2 for each of the two shifts
    assertEquals(Math.log(2) * 1.01, losses.get(0), 1e-4);
  }

  @Test
  void theSameAgainGivesTheSameBits() {
    assertEquals(
        tuner().build().tune(model, TASK, ProgressListener.NONE).adapter(),
        tuner().build().tune(model, TASK, ProgressListener.NONE).adapter());
  }

  @Test
  void aModelThatRefusesNothingHasNoDirection() {
    DroTuner blind = tuner().judge((p, a) -> RefusalVerdict.FULL_COMPLIANCE, 2).build();
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> blind.tune(model, TASK, ProgressListener.NONE));
    assertEquals("0 of 28 requests are refused: there is no direction to find", e.getMessage());
  }

  @Test
  void directionsLieWithinTheComponentsAndTellTheClasses() {
    Random random = new Random(5);
    float[][] rows = new float[60][8];
    boolean[] refused = new boolean[60];
    boolean[] harmful = new boolean[60];
    for (int i = 0; i < rows.length; i++) {
      for (int d = 0; d < 8; d++) {
        rows[i][d] = (float) (0.1 * random.nextGaussian());
      }
      refused[i] = random.nextBoolean();
      harmful[i] = random.nextBoolean();
      rows[i][2] += refused[i] ? 2 : -2;
      rows[i][5] += harmful[i] ? 1 : -1;
    }
    DroDirections found = DroDirections.fit(rows, refused, harmful, 2);
    assertEquals(2, found.basis().length);
    for (int d = 0; d < 8; d++) {
      if (d != 2) {
        assertTrue(found.refusal()[2] > 5 * Math.abs(found.refusal()[d]), "dimension " + d);
      }
      if (d != 5) {
        assertTrue(found.harm()[5] > 5 * Math.abs(found.harm()[d]), "dimension " + d);
      }
    }
  }

  /** All three parts at once, along random directions, by central differences. */
  @Test
  @SuppressWarnings("try") // the scope's use is that it is open
  void gradientsAreThoseOfFiniteDifferences() {
    RequestEncoder encoder = new RequestEncoder(model.tokenizer(), SYSTEM);
    Sysformer.Shape shape = new Sysformer.Shape(0, 1, 1);
    Sysformer start =
        Sysformer.initial(
            model,
            SYSTEM,
            shape,
            1,
            new org.alignment4j.core.Provenance(
                "test", java.util.Map.of(), 1, java.util.Map.of(), java.util.Map.of()));
    List<GuardRow> asked =
        List.of(
            encoder.row(Prompt.user("steal bread"), true),
            encoder.row(Prompt.user("bake a loaf of bread"), false));
    Random random = new Random(1);
    float[][] origin = new float[2][48];
    float[] refusal = new float[48];
    float[] harm = new float[48];
    float[][] basis = new float[2][48];
    for (int d = 0; d < 48; d++) {
      origin[0][d] = (float) random.nextGaussian();
      origin[1][d] = (float) random.nextGaussian();
      refusal[d] = (float) random.nextGaussian();
      harm[d] = (float) (20 * random.nextGaussian());
    }
    basis[0][3] = 1;
    basis[1][7] = 1;
    DroDirections directions = new DroDirections(refusal, harm, basis);
    List<DroRow> rows =
        List.of(new DroRow(asked.get(0), origin[0]), new DroRow(asked.get(1), origin[1]));
    try (GradientScope gradients = GradientScope.open();
        NDManager scope = NDManager.newBaseManager();
        NativeSysformer live = new NativeSysformer(model, start, true)) {
      NDList found = live.shiftLoss(rows, directions, scope);
      float[] gradient = found.get(2).toFloatArray();
      float[] at = live.system().toFloatArray();
      for (int direction = 0; direction < 3; direction++) {
        Random draws = new Random(direction);
        float[] up = at.clone();
        float[] down = at.clone();
        double slope = 0;
        for (int j = 0; j < at.length; j++) {
          float step = (float) (1e-4 * draws.nextGaussian());
          up[j] += step;
          down[j] -= step;
          slope += (double) (up[j] - down[j]) * gradient[j];
        }
        live.system().set(FloatBuffer.wrap(up));
        double high = live.shiftLoss(rows, directions, scope).get(0).getFloat();
        live.system().set(FloatBuffer.wrap(down));
        double low = live.shiftLoss(rows, directions, scope).get(0).getFloat();
        live.system().set(FloatBuffer.wrap(at));
        assertEquals(high - low, slope, 2e-5 * Math.abs(high) + 0.03 * Math.abs(high - low));
      }
    }
  }
}
