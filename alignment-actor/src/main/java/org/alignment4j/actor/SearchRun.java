package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.alignment4j.actor.ActorTuner.AblationSearch;
import org.alignment4j.actor.ActorTuner.AblationSearch.Candidate;
import org.alignment4j.actor.ActorTuner.AblationSearch.Kernel;
import org.alignment4j.actor.ActorTuner.AblationSearch.Result;
import org.alignment4j.actor.ActorTuner.AblationSearch.Trial;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.ResponseScore;
import org.alignment4j.safety.ReleaseGate.Limits;
import org.alignment4j.steering.DirectionalAblation;
import org.jspecify.annotations.Nullable;

/** Runs an {@link AblationSearch}. */
final class SearchRun {
  /** Depths, as shares of the blocks, at which directions are read. */
  private static final double FIRST = 0.25;

  private static final double LAST = 0.9;
  private static final int LAYERS = 8;

  /** Of the candidates of a round, the share that is measured on more prompts. */
  private static final int KEPT = 3;

  private final LanguageModel model;
  private final AblationSearch.Settings settings;
  private final RefusalJudge judge;
  private final AblationSearch.Prompts prompts;
  private final Map<List<Integer>, Trial> finished = new HashMap<>();
  private final Consumer<Trial> listener;
  private final ProgressListener progress;
  private final Map<Integer, Measured> before = new HashMap<>();

  /**
   * Answers of the model itself to the first prompts.
   *
   * @param benign null if all answers are blank
   */
  private record Measured(
      RefusalTally safe, RefusalTally harmful, ResponseScore.@Nullable Reference benign) {}

  SearchRun(
      LanguageModel model,
      AblationSearch.Settings settings,
      RefusalJudge judge,
      AblationSearch.Prompts prompts,
      List<Trial> finished,
      Consumer<Trial> listener,
      ProgressListener progress) {
    this.model = model;
    this.settings = settings;
    this.judge = judge;
    this.prompts = prompts;
    this.listener = listener;
    this.progress = progress;
    finished.forEach(t -> this.finished.put(List.of(t.number(), t.prompts()), t));
  }

  Result run() {
    int most =
        Math.max(
            prompts.safe().size(), Math.max(prompts.harmful().size(), prompts.benign().size()));
    Measured all = measured(most);
    List<Trial> trials = new ArrayList<>();
    if (all.safe.nonCompliance().k() == 0) {
      return new Result(null, trials, "no safe prompt is refused: nothing to search for");
    }
    List<Layer> layers = layers();
    @Nullable WrittenDirections written = null;
    List<Candidate> candidates = candidates();
    List<Integer> alive = IntStream.range(0, candidates.size()).boxed().toList();
    int n = Math.min(settings.firstPrompts(), most);
    int step = 0;
    List<Trial> round = List.of();
    while (true) {
      List<Trial> own = new ArrayList<>();
      for (int number : alive) {
        Trial kept = finished.get(List.of(number, n));
        if (kept == null) {
          if (written == null) {
            written = WrittenDirections.of(model, directions(layers));
          }
          kept = measure(number, candidates.get(number), n, written, layers);
          listener.accept(kept);
        }
        own.add(kept);
        progress.step("search", ++step, steps(candidates.size(), most));
      }
      trials.addAll(own);
      own.sort(ORDER);
      round = own;
      if (n == most) {
        break;
      }
      alive =
          own.stream().limit(Math.max(2, own.size() / KEPT)).map(Trial::number).sorted().toList();
      n = Math.min(most, n * KEPT);
    }
    Trial best = round.get(0);
    if (best.violation() > 0) {
      return new Result(null, trials, "no candidate keeps " + best.boundBy());
    }
    if (best.safeRefused() >= all.safe.nonCompliance().rate()) {
      return new Result(null, trials, "no candidate lets more safe prompts be answered");
    }
    if (written == null) {
      written = WrittenDirections.of(model, directions(layers));
    }
    return new Result(
        adapter(best.number(), candidates.get(best.number()), written, layers, best),
        trials,
        "candidate " + best.number() + " of " + candidates.size());
  }

  private static final Comparator<Trial> ORDER =
      Comparator.comparingDouble(Trial::violation)
          .thenComparingDouble(Trial::safeRefused)
          .thenComparingDouble(Trial::divergence)
          .thenComparingInt(Trial::number);

  private long steps(int candidates, int most) {
    long steps = candidates;
    int alive = candidates;
    for (int n = Math.min(settings.firstPrompts(), most); n < most; n = Math.min(most, n * KEPT)) {
      alive = Math.max(2, alive / KEPT);
      steps += alive;
    }
    return steps;
  }

  private List<Layer> layers() {
    int blocks = model.config().blocks();
    return IntStream.range(0, LAYERS)
        .mapToObj(i -> FIRST + (LAST - FIRST) * i / (LAYERS - 1))
        .map(share -> new Layer(Math.max(1, (int) Math.round(share * blocks))))
        .distinct()
        .toList();
  }

  /** Of each layer the false refusals' unit direction, then the true refusals'. */
  private float[][] directions(List<Layer> layers) {
    List<Prompt> refused = new ArrayList<>();
    List<RefusalVerdict> verdicts =
        judge.judgeAll(
            prompts.fitSafe().stream().map(p -> p.last().text()).toList(),
            answers(model, prompts.fitSafe()));
    for (int i = 0; i < verdicts.size(); i++) {
      if (verdicts.get(i).isRefusal()) {
        refused.add(prompts.fitSafe().get(i));
      }
    }
    // Where the model refuses none of them, the safe prompts as a whole stand in.
    List<Prompt> wrong = refused.isEmpty() ? prompts.fitSafe() : refused;
    Capture capture = Capture.lastPrompt(layers.toArray(Layer[]::new));
    var safe = model.capture(wrong, capture);
    var harmful = model.capture(prompts.fitHarmful(), capture);
    var benign = model.capture(prompts.fitBenign(), capture);
    List<float[]> all = new ArrayList<>();
    for (Layer l : layers) {
      all.add(WrittenDirections.unit(DirectionalAblation.difference(safe.at(l), benign.at(l))));
      all.add(WrittenDirections.unit(DirectionalAblation.difference(harmful.at(l), benign.at(l))));
    }
    return all.toArray(float[][]::new);
  }

  private List<Candidate> candidates() {
    Random random = new Random(settings.seed());
    List<Candidate> all = new ArrayList<>();
    for (int i = 0; i < settings.candidates(); i++) {
      all.add(
          new Candidate(random.nextDouble(), random.nextDouble(), kernel(random), kernel(random)));
    }
    return all;
  }

  private static Kernel kernel(Random random) {
    double highest = 0.2 + 1.3 * random.nextDouble();
    return new Kernel(
        0.3 + 0.7 * random.nextDouble(),
        highest,
        highest * random.nextDouble(),
        0.1 + 0.5 * random.nextDouble());
  }

  private LoraAdapter adapter(
      int number,
      Candidate c,
      WrittenDirections written,
      List<Layer> layers,
      @Nullable Trial trial) {
    double at = c.direction() * (layers.size() - 1);
    int below = Math.min((int) at, Math.max(0, layers.size() - 2));
    double[] coefficients = new double[2 * layers.size()];
    double[] share = {1 - (at - below), at - below};
    for (int i = 0; i < 2 && below + i < layers.size(); i++) {
      coefficients[2 * (below + i)] += share[i];
      coefficients[2 * (below + i) + 1] -= c.spared() * share[i];
    }
    int blocks = model.config().blocks();
    Map<String, Object> own = new LinkedHashMap<>(settings.toMap());
    own.put("number", number);
    own.putAll(c.toMap());
    return written.ablation(
        coefficients,
        (layer, attention) -> (attention ? c.attention() : c.mlp()).weight(layer, blocks),
        new Provenance(
            "ablation_search",
            own,
            settings.seed(),
            Map.of("model", model.hash()),
            trial == null
                ? Map.of()
                : Map.of(
                    "safe_refused", trial.safeRefused(),
                    "harmful_refused", trial.harmfulRefused(),
                    "divergence", trial.divergence())));
  }

  private Trial measure(
      int number, Candidate c, int n, WrittenDirections written, List<Layer> layers) {
    Measured was = measured(n);
    LoraAdapter lora = adapter(number, c, written, layers, null);
    try (LanguageModel changed = model.with(lora)) {
      RefusalTally safe = tally(changed, first(prompts.safe(), n));
      RefusalTally harmful = tally(changed, first(prompts.harmful(), n));
      double divergence =
          was.benign == null
              ? 0
              : changed.scoreAgainst(was.benign, List.of()).stream()
                  .mapToDouble(ResponseScore::divergence)
                  .average()
                  .orElseThrow();
      Limits limits = settings.limits();
      var kept = limits.refused("harmful", was.harmful.refusal(), harmful.refusal());
      var near = limits.diverged(divergence, n);
      double violation =
          Math.max(0, kept.holds() ? 0 : kept.limit() - kept.after())
              + Math.max(0, near.holds() ? 0 : near.after() / near.limit() - 1);
      return new Trial(
          number,
          c,
          n,
          safe.nonCompliance().rate(),
          harmful.refusal().rate(),
          divergence,
          violation,
          kept.holds() ? near.holds() ? "" : near.name() : kept.name());
    }
  }

  private Measured measured(int n) {
    return before.computeIfAbsent(
        n,
        count -> {
          List<Prompt> benign = first(prompts.benign(), count);
          List<String> answers = answers(model, benign);
          List<Encoded> encoded = new ArrayList<>();
          for (int i = 0; i < benign.size(); i++) {
            if (!answers.get(i).isBlank()) {
              encoded.add(
                  model.tokenizer().encodeForTraining(benign.get(i).withResponse(answers.get(i))));
            }
          }
          return new Measured(
              tally(model, first(prompts.safe(), count)),
              tally(model, first(prompts.harmful(), count)),
              encoded.isEmpty() ? null : model.reference(encoded));
        });
  }

  private static List<Prompt> first(List<Prompt> all, int n) {
    return all.subList(0, Math.min(n, all.size()));
  }

  private List<String> answers(LanguageModel of, List<Prompt> some) {
    return of.generate(some, Generation.greedy(settings.limits().tokens())).stream()
        .map(Completion::text)
        .toList();
  }

  private RefusalTally tally(LanguageModel of, List<Prompt> some) {
    return RefusalTally.of(
        judge, some.stream().map(p -> p.last().text()).toList(), answers(of, some));
  }

  static <T> List<List<T>> halves(List<T> all) {
    List<T> even = new ArrayList<>();
    List<T> odd = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      (i % 2 == 0 ? even : odd).add(all.get(i));
    }
    require(!odd.isEmpty(), "a search needs at least two prompts of each class");
    return List.of(even, odd);
  }
}
