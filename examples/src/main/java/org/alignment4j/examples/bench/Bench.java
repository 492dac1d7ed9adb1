package org.alignment4j.examples.bench;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.actor.ActorTuner;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.jspecify.annotations.Nullable;

/**
 * Times a model on a workload. Each figure is the median of some repeats after one warm-up. Not
 * thread-safe.
 */
public final class Bench {
  private static final String GFLOPS = "machine_gflops";
  private static final String GBS = "machine_gbs";
  private static final int GENERATE_PROMPT = 16;
  private static final int GENERATE_NEW = 64;
  private static final int PROMPT = 256;
  private static final int ACTOR_PROMPTS = 32;

  private final LanguageModel model;
  private final Layer layer;
  private final List<int[]> ids;
  private final List<Encoded> prompts;
  private final int repeats;

  /**
   * @param model the model, measured with its weights as they are
   * @param layer the layer that prefixes end at and whose block is tuned
   * @param workload the sequences to run
   * @param repeats timed runs of each measurement, 1 or more
   */
  public Bench(LanguageModel model, Layer layer, Workload workload, int repeats) {
    require(repeats >= 1, "repeats must be >= 1, was %s", repeats);
    require(
        layer.index() >= 1 && layer.index() <= model.config().blocks(),
        "no block writes %s in a model of %s blocks",
        layer,
        model.config().blocks());
    this.model = model;
    this.layer = layer;
    this.ids = workload.ids(model.config().vocabulary());
    this.prompts = ids.stream().map(s -> new Encoded(s, s.length)).toList();
    this.repeats = repeats;
  }

  /**
   * Returns all measurements by name, in the order they run in.
   *
   * <ul>
   *   <li>machine_gflops: rate of matrix products alone on this machine, GFLOP/s; see {@link
   *       Machine}
   *   <li>machine_gbs: rate of reading memory alone, GB/s
   *   <li>capture_all: the last token's hidden states at all layers, prompts/s
   *   <li>capture_prefix: the same at layers 0 to the bench's, prompts/s
   *   <li>generate_b1, generate_b8: 64 greedy tokens after 16, batch of 1 and of 8, new tokens/s
   *   <li>prompt: the logits after a prompt of 256 tokens, or of the context length, tokens/s
   *   <li>actor_usual: one tuning epoch over 32 prompts, all blocks run at each step, s
   *   <li>actor_prefix: the same, with only the blocks up to the bench's layer run, s
   *   <li>actor_epochs3: as this library tunes: three epochs over the same prompts, one by one, on
   *       cached inputs of the block, the caching pass included, s
   *   <li>actor_epochs3_difference: largest difference of a weight between blocks tuned with and
   *       without the cached inputs
   *   <li>dpo_step: one step of DPO, LoRA of rank 8 on queries and values, 8 pairs of 48 prompt and
   *       32 response tokens, the reference model's pass included, s; dpo_step_cached: a further
   *       step, with the reference cached
   *   <li>rahf_fit_step: one step of RAHF's fit on the chosen responses of the same pairs, the
   *       passes that compute its targets included, s; rahf_fit_step_cached: a further step
   * </ul>
   */
  public static Map<String, Measurement> measurements() {
    Map<String, Measurement> all = new LinkedHashMap<>();
    all.put(GFLOPS, b -> Machine.measure(m -> m.gigaflops(b.model.config())));
    all.put(GBS, b -> Machine.measure(Machine::gigabytes));
    all.put("capture_all", b -> b.capture(b.model.topLayer()));
    all.put("capture_prefix", b -> b.capture(b.layer));
    all.put("generate_b1", b -> b.generate(1));
    all.put("generate_b8", b -> b.generate(8));
    all.put("prompt", Bench::prompt);
    all.put("actor_usual", b -> b.actor(true));
    all.put("actor_prefix", b -> b.actor(false));
    all.put("actor_epochs3", Bench::actorEpochs);
    all.put("actor_epochs3_difference", Bench::actorDifference);
    all.put("dpo_step", b -> PreferenceSteps.first(b, PreferenceMethod.DPO));
    all.put("dpo_step_cached", b -> PreferenceSteps.further(b, PreferenceMethod.DPO));
    all.put("rahf_fit_step", b -> PreferenceSteps.first(b, PreferenceMethod.LORRA));
    all.put("rahf_fit_step_cached", b -> PreferenceSteps.further(b, PreferenceMethod.LORRA));
    return all;
  }

  /**
   * Converts measured speeds to rates of arithmetic and memory traffic, as counted by {@link
   * Costs}, and to shares of what the machine reaches.
   *
   * <ul>
   *   <li>NAME_gflops and NAME_share_of_matmul (of machine_gflops) of capture_all, capture_prefix
   *       and generate_b8, whose limit is arithmetic
   *   <li>NAME_gbs and NAME_share_of_bandwidth (of machine_gbs) of generate_b1 and generate_b8,
   *       which read all weights for each token; weights that stay in a cache can exceed 1
   * </ul>
   *
   * @param measured figures of {@link #measurements}; a share needs the machine's figure too
   */
  public Map<String, Double> rates(Map<String, Double> measured) {
    Costs costs = new Costs(model.config(), model.precision());
    Map<String, Double> rates = new LinkedHashMap<>();
    double all = costs.captureFlops(ids, model.topLayer().index()) / ids.size();
    double prefix = costs.captureFlops(ids, layer.index()) / ids.size();
    arithmetic("capture_all", all, measured, rates);
    arithmetic("capture_prefix", prefix, measured, rates);
    traffic("generate_b1", 1, costs, measured, rates);
    int rows = Math.min(8, ids.size());
    double tokens = (double) rows * GENERATE_NEW;
    double flops = costs.generateFlops(rows, GENERATE_PROMPT, GENERATE_NEW);
    arithmetic("generate_b8", flops / tokens, measured, rates);
    traffic("generate_b8", rows, costs, measured, rates);
    return rates;
  }

  /**
   * @param each operations of one prompt or token
   */
  private static void arithmetic(
      String name, double each, Map<String, Double> measured, Map<String, Double> rates) {
    rate(name, each, "_gflops", "_share_of_matmul", measured.get(GFLOPS), measured, rates);
  }

  private static void traffic(
      String name, int rows, Costs costs, Map<String, Double> measured, Map<String, Double> rates) {
    double bytes = costs.generateBytes(rows, GENERATE_PROMPT, GENERATE_NEW);
    double each = bytes / (rows * GENERATE_NEW);
    rate(name, each, "_gbs", "_share_of_bandwidth", measured.get(GBS), measured, rates);
  }

  private static void rate(
      String name,
      double each,
      String rateName,
      String shareName,
      @Nullable Double machine,
      Map<String, Double> measured,
      Map<String, Double> rates) {
    Double perSecond = measured.get(name);
    if (perSecond == null) {
      return;
    }
    double rate = perSecond * each / 1e9;
    rates.put(name + rateName, rate);
    if (machine != null) {
      rates.put(name + shareName, rate / machine);
    }
  }

  /** Returns the model under test. */
  public LanguageModel model() {
    return model;
  }

  /** Returns the layer that prefixes end at. */
  public Layer layer() {
    return layer;
  }

  /** Returns the prompts of a tuning epoch, in order. */
  public List<int[]> tuningPrompts() {
    return ids.subList(0, Math.min(ACTOR_PROMPTS, ids.size()));
  }

  /** Returns the median duration of {@code work} after one warm-up, in seconds. */
  public double seconds(Runnable work) {
    return seconds(work, repeats);
  }

  private static double seconds(Runnable work, int repeats) {
    work.run();
    double[] seconds = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      long start = System.nanoTime();
      work.run();
      seconds[i] = (System.nanoTime() - start) / 1e9;
    }
    Arrays.sort(seconds);
    return (seconds[(repeats - 1) / 2] + seconds[repeats / 2]) / 2;
  }

  private double capture(Layer top) {
    Capture capture = Capture.layers(0, top.index(), TokenPositions.lastPrompt());
    return prompts.size() / seconds(() -> model.captureIds(prompts, capture));
  }

  private double generate(int rows) {
    List<int[]> starts = new ArrayList<>();
    for (int[] s : ids.subList(0, Math.min(rows, ids.size()))) {
      int[] start = new int[GENERATE_PROMPT];
      for (int i = 0; i < start.length; i++) {
        start[i] = s[i % s.length];
      }
      starts.add(start);
    }
    Generation exactly = Generation.greedy(GENERATE_NEW).ignoringEnd();
    return starts.size() * GENERATE_NEW / seconds(() -> model.generateIds(starts, exactly));
  }

  private double prompt() {
    int[] prompt =
        ids.stream()
            .flatMapToInt(Arrays::stream)
            .limit(Math.min(PROMPT, model.longestSequence()))
            .toArray();
    return prompt.length / seconds(() -> model.nextTokenLogitsIds(List.of(prompt)));
  }

  /** An epoch is long enough to be timed once. */
  private double actor(boolean allBlocks) {
    try (TuningEpoch epoch = new TuningEpoch(model, layer, allBlocks)) {
      return seconds(() -> epoch.run(tuningPrompts()), 1);
    }
  }

  private double actorEpochs() {
    return seconds(() -> tune(true), 1);
  }

  private double actorDifference() {
    TunedBlock cached = tune(true);
    TunedBlock recomputed = tune(false);
    double largest = 0;
    for (Map.Entry<String, TunedBlock.Weight> e : cached.tensors().entrySet()) {
      float[] a = e.getValue().values();
      float[] b = Objects.requireNonNull(recomputed.tensors().get(e.getKey())).values();
      for (int i = 0; i < a.length; i++) {
        largest = Math.max(largest, Math.abs(a[i] - b[i]));
      }
    }
    return largest;
  }

  private TunedBlock tune(boolean cachePrefix) {
    List<int[]> prompts = tuningPrompts();
    List<PromptClass> classes = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      classes.add(i % 2 == 0 ? PromptClass.BENIGN : PromptClass.HARMFUL);
    }
    int width = model.config().width();
    double[] direction = new Random(0).doubles(width, -1, 1).toArray();
    return ActorTuner.builder()
        .published()
        .layer(layer)
        .refreshEvery(0)
        .noGate()
        .cachePrefix(cachePrefix)
        .build()
        .tuneIds(
            model,
            new ActorTuner.Sequences(prompts, classes, direction, new double[width]),
            ProgressListener.NONE)
        .adapter();
  }
}
