package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.alignment4j.actor.ActorTuner.AblationSearch;
import org.alignment4j.actor.ActorTuner.AblationSearch.Kernel;
import org.alignment4j.actor.ActorTuner.AblationSearch.Prompts;
import org.alignment4j.actor.ActorTuner.AblationSearch.Result;
import org.alignment4j.actor.ActorTuner.AblationSearch.Settings;
import org.alignment4j.actor.ActorTuner.AblationSearch.Trial;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableBlock;
import org.alignment4j.safety.ReleaseGate.Limits;
import org.alignment4j.testing.RandomChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The search for an ablation in the weights. */
class AblationSearchTests {
  private static final Provenance NONE = new Provenance("none", Map.of(), 0, Map.of(), Map.of());

  @TempDir static Path shared;
  private static LanguageModel base;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    base = LanguageModel.load(RandomChatModel.write(shared.resolve("m"), List.of()));
    Random random = new Random(2);
    List<LoraAdapter.Target> targets = new ArrayList<>();
    for (int l = 1; l <= base.config().blocks(); l++) {
      int in = base.config().mlpWidth();
      targets.add(
          new LoraAdapter.Target(
              new Layer(l), "mlp.down_proj", in, 48, noise(random, in), noise(random, 48)));
    }
    // Without this the random model's answers are blank.
    model = base.withMerged(new LoraAdapter(1, 3, targets, NONE));
  }

  private static float[] noise(Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @AfterAll
  static void close() {
    model.close();
    base.close();
  }

  private static Map<String, TunedBlock.Weight> block(LanguageModel of, int layer) {
    try (TrainableBlock block = TrainableBlock.of(of, new Layer(layer))) {
      return block.snapshot(NONE).tensors();
    }
  }

  /** W' = W - w u u^T W, u along 2 a - b, by plain loops. */
  @Test
  void theLoraTakesTheDirectionOutOfWhatIsWritten() {
    Random random = new Random(1);
    float[][] vectors = new float[2][48];
    double[] u = new double[48];
    double norm = 0;
    for (int d = 0; d < 48; d++) {
      vectors[0][d] = (float) random.nextGaussian();
      vectors[1][d] = (float) random.nextGaussian();
      u[d] = 2.0 * vectors[0][d] - vectors[1][d];
      norm += u[d] * u[d];
    }
    LoraAdapter lora =
        WrittenDirections.of(base, vectors)
            .ablation(
                new double[] {2, -1},
                (layer, attention) -> layer.index() == 2 ? 0 : attention ? 1 : 0.6,
                NONE);
    try (LanguageModel merged = base.withMerged(lora)) {
      for (int l = 1; l <= base.config().blocks(); l++) {
        Map<String, TunedBlock.Weight> before = block(base, l);
        Map<String, TunedBlock.Weight> after = block(merged, l);
        for (String name : before.keySet()) {
          TunedBlock.Weight w = Objects.requireNonNull(before.get(name));
          float[] found = Objects.requireNonNull(after.get(name)).values();
          double weight =
              l == 2 ? 0 : name.contains("o_proj") ? 1 : name.contains("down_proj") ? 0.6 : 0;
          int in = w.shape().length == 2 ? (int) w.shape()[1] : 1;
          for (int k = 0; k < in; k++) {
            double along = 0;
            for (int d = 0; d < 48 && weight != 0; d++) {
              along += u[d] * w.values()[d * in + k];
            }
            for (int d = 0; d * in + k < found.length; d++) {
              double taken = weight == 0 ? 0 : weight * u[d] / norm * along;
              assertEquals(w.values()[d * in + k] - taken, found[d * in + k], 1e-5, name);
            }
          }
        }
      }
    }
  }

  @Test
  void aKernelFallsFromItsPeakToItsReach() {
    Kernel k = new Kernel(0.5, 1, 0.2, 0.25);
    assertEquals(1, k.weight(new Layer(10), 20), 1e-12);
    assertEquals(0.2, k.weight(new Layer(15), 20), 1e-12);
    assertEquals(0.68, k.weight(new Layer(8), 20), 1e-12);
    assertEquals(0, k.weight(new Layer(16), 20));
    Kernel narrow = new Kernel(0.33, 1, 0, 0.001);
    assertTrue(
        IntStream.rangeClosed(1, 4).anyMatch(l -> narrow.weight(new Layer(l), 4) > 0),
        "the nearest block at least");
  }

  private static List<Prompt> prompts(String word, int n) {
    return IntStream.range(0, n).mapToObj(i -> Prompt.user(word + " " + i)).toList();
  }

  private static final Prompts PROMPTS =
      Prompts.of(prompts("safe", 12), prompts("bad", 12), prompts("plain", 6));

  /** Harmful prompts are refused by any answer, safe ones by those that begin as the model's. */
  private static RefusalJudge judge(boolean selective) {
    Map<String, String> own = new java.util.concurrent.ConcurrentHashMap<>();
    return (prompt, answer) -> {
      String before = own.computeIfAbsent(prompt, p -> answer);
      boolean refuses = answer.equals(before) || (selective && prompt.startsWith("bad"));
      return refuses ? RefusalVerdict.FULL_REFUSAL : RefusalVerdict.FULL_COMPLIANCE;
    };
  }

  private static Settings settings(double divergence) {
    return new Settings(9, 2, new Limits(0.02, 0.02, divergence, 1.5, 0.05, 2, 6), 4);
  }

  private static Result run(
      RefusalJudge judge, double divergence, List<Trial> finished, List<Trial> fresh) {
    return new AblationSearch(settings(divergence), judge)
        .run(model, PROMPTS, finished, fresh::add, ProgressListener.NONE);
  }

  @Test
  void theBestOfThoseThatKeepTheLimitsIsFoundAndResumed() {
    List<Trial> fresh = new ArrayList<>();
    Result whole = run(judge(true), 100, List.of(), fresh);
    assertNotNull(whole.adapter(), whole.reason());
    assertEquals(List.of(2, 6), whole.trials().stream().map(Trial::prompts).distinct().toList());
    assertEquals(9 + 3, fresh.size(), "nine on two prompts, a third of them on six");
    Trial best =
        whole.trials().subList(9, 12).stream()
            .min(java.util.Comparator.comparingDouble(Trial::safeRefused))
            .orElseThrow();
    assertTrue(best.safeRefused() < 1, best.toString());
    assertEquals(best.safeRefused(), whole.adapter().provenance().metrics().get("safe_refused"));
    List<Trial> again = new ArrayList<>();
    Result resumed = run(judge(true), 100, fresh.subList(0, 10), again);
    assertEquals(2, again.size());
    assertEquals(whole.adapter(), resumed.adapter());
    assertEquals(whole.trials(), resumed.trials());
  }

  @Test
  void whatIsNotKeptIsNamed() {
    Result harm = run(judge(false), 100, List.of(), new ArrayList<>());
    assertNull(harm.adapter());
    assertEquals("no candidate keeps harmful refused", harm.reason());
    Result far = run(judge(true), 1e-9, List.of(), new ArrayList<>());
    assertNull(far.adapter());
    assertEquals("no candidate keeps divergence on benign answers", far.reason());
    Result nothing = run((p, a) -> RefusalVerdict.FULL_COMPLIANCE, 1, List.of(), new ArrayList<>());
    assertEquals("no safe prompt is refused: nothing to search for", nothing.reason());
    assertThrows(
        IllegalArgumentException.class,
        () -> Prompts.of(prompts("a", 1), prompts("b", 2), prompts("c", 2)));
  }
}
