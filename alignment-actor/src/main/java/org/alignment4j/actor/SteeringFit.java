package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.Tuning.Outcome;
import org.alignment4j.actor.ActorTuner.ProbeSteering;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.analysis.LogisticProbe;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.safety.Attack;
import org.alignment4j.safety.ReleaseGate;
import org.alignment4j.steering.ConditionalSteering;
import org.alignment4j.steering.ConditionalSteering.Coefficient;
import org.alignment4j.steering.DirectionalAblation;
import org.alignment4j.train.TrainingResult;

/** Fits {@link ProbeSteering}. */
final class SteeringFit {
  /** Below this number of a class, the library's own pairs are probed too. */
  private static final int FEW = 8;

  /** Parts of the tuning prompts, each of which is held out in turn. */
  private static final int FOLDS = 3;

  private final LanguageModel model;
  private final ProbeSteering.Settings settings;
  private final ActorPrompts prompts;
  private final ProgressListener progress;

  SteeringFit(
      LanguageModel model,
      ProbeSteering.Settings settings,
      ActorPrompts prompts,
      ProgressListener progress) {
    this.model = model;
    this.settings = settings;
    this.prompts = prompts;
    this.progress = progress;
    require(
        !prompts.contrast().isEmpty(),
        "no contrast prompts: they are needed beside the pseudo-harmful ones");
  }

  ProbeSteering.SteeringTuning run() {
    long begin = System.nanoTime();
    boolean[] safeRefused = refused(prompts.pseudoHarmful());
    boolean[] contrastRefused = refused(prompts.contrast());
    int wrong = count(safeRefused);
    int right = count(contrastRefused);
    if (wrong == 0) {
      return result(
          none(),
          Outcome.NOTHING_TO_DO,
          "none of " + safeRefused.length + " pseudo-harmful prompts is refused",
          Optional.empty(),
          begin);
    }
    boolean[] benignRefused = new boolean[0];
    if (wrong == safeRefused.length && right == contrastRefused.length) {
      // Then benign prompts show how an answer begins.
      benignRefused = refused(prompts.benign());
      if (count(benignRefused) == benignRefused.length) {
        return result(
            none(),
            Outcome.UNCHANGED,
            "every prompt is refused: how an answer begins is unknown",
            Optional.empty(),
            begin);
      }
    }
    progress.step("probe steering", 1, 4);
    States states = states(safeRefused, contrastRefused, benignRefused);
    double sooner = sooner(states);
    GatedEdit edit = edit(states, i -> true, sooner);
    progress.step("probe steering", 3, 4);
    Optional<ReleaseGate.Report> report = Optional.empty();
    if (settings.gate()) {
      try (LanguageModel changed = model.with(edit)) {
        report = Optional.of(gate().check(model, changed, ProgressListener.NONE));
      }
    }
    progress.step("probe steering", 4, 4);
    Optional<ReleaseGate.Condition> broken = report.flatMap(ReleaseGate.Report::boundBy);
    return result(
        broken.isEmpty() ? edit : none(),
        broken.isEmpty() ? Outcome.CHANGED : Outcome.UNCHANGED,
        broken
            .map(c -> "the release gate does not accept it: " + c)
            .orElse(
                (settings.gate() ? "the release gate accepts it" : "fitted without a release gate")
                    + (states.attacked().isEmpty() ? "" : "; log-odds lowered by " + sooner)),
        report,
        begin);
  }

  private ReleaseGate gate() {
    ReleaseGate.Builder builder =
        ReleaseGate.builder()
            .safe(prompts.gateSafe())
            .harmful("harmful", prompts.gateHarmful())
            .benign(prompts.benign())
            .attacks(settings.gateAttacks())
            .judge(settings.judge());
    if (!prompts.gateContrast().isEmpty()) {
      builder.harmful("contrast", prompts.gateContrast());
    }
    return builder.build();
  }

  /** Adds nothing. */
  private GatedEdit none() {
    return new GatedEdit(
        List.of(
            Change.always(changed().get(0), Affine.constant(new float[model.config().width()]))),
        provenance(0));
  }

  /**
   * What is known of the tuning prompts at their last token.
   *
   * @param attacked the harmful prompts under attack, at the probed layers; none without attacks
   */
  private record States(
      Activations safe,
      Activations contrast,
      Optional<Activations> attacked,
      Optional<Activations> benign,
      boolean[] safeRefused,
      boolean[] contrastRefused,
      boolean[] benignRefused) {}

  private States states(boolean[] safeRefused, boolean[] contrastRefused, boolean[] benignRefused) {
    Set<Layer> read = new TreeSet<>(probed());
    read.addAll(changed());
    Capture capture = Capture.lastPrompt(read.toArray(Layer[]::new));
    return new States(
        model.capture(prompts.pseudoHarmful(), capture),
        model.capture(prompts.contrast(), capture),
        settings.attacks().isEmpty()
            ? Optional.empty()
            : Optional.of(
                model.capture(attacked(), Capture.lastPrompt(probed().toArray(Layer[]::new)))),
        benignRefused.length == 0
            ? Optional.empty()
            : Optional.of(
                model.capture(
                    prompts.benign(), Capture.lastPrompt(changed().toArray(Layer[]::new)))),
        safeRefused,
        contrastRefused,
        benignRefused);
  }

  /**
   * The largest shift with which few refusals of contrast prompts are lost. Each prompt is asked
   * with an edit that was fitted without it. A larger shift takes away more, so that the range is
   * halved.
   */
  private double sooner(States states) {
    List<Double> shifts = settings.sooner();
    int lowest = 0;
    int highest = states.attacked().isEmpty() ? 0 : shifts.size() - 1;
    while (lowest < highest) {
      int middle = (lowest + highest + 1) / 2;
      if (lost(states, shifts.get(middle)) <= settings.lost()) {
        lowest = middle;
      } else {
        highest = middle - 1;
      }
    }
    return shifts.get(lowest);
  }

  /** The share of contrast prompts by which fewer are refused. */
  private double lost(States states, double sooner) {
    IntPredicate own = probed(prompts.contrast());
    int before = 0;
    int after = 0;
    int all = 0;
    for (int fold = 0; fold < FOLDS; fold++) {
      int current = fold;
      List<Prompt> asked = new ArrayList<>();
      for (int i = fold; i < prompts.contrast().size(); i += FOLDS) {
        if (own.test(i)) {
          asked.add(prompts.contrast().get(i));
          before += states.contrastRefused()[i] ? 1 : 0;
        }
      }
      if (!asked.isEmpty()) {
        GatedEdit edit = edit(states, i -> i % FOLDS != current, sooner);
        try (LanguageModel changed = model.with(edit)) {
          after += count(refused(changed, asked));
        }
      }
      all += asked.size();
    }
    return all == 0 ? 0 : (double) (before - after) / all;
  }

  /**
   * @param fitted whether the safe, contrast and attacked prompts of an index take part
   */
  private GatedEdit edit(States s, IntPredicate fitted, double sooner) {
    SortedMap<Layer, float[]> directions = new TreeMap<>();
    for (Layer l : changed()) {
      float[][] refused =
          joined(
              chosen(s.safe().at(l), i -> fitted.test(i) && s.safeRefused()[i]),
              chosen(s.contrast().at(l), i -> fitted.test(i) && s.contrastRefused()[i]));
      float[][] answered =
          s.benign().isPresent()
              ? chosen(s.benign().get().at(l), i -> !s.benignRefused()[i])
              : joined(
                  chosen(s.safe().at(l), i -> fitted.test(i) && !s.safeRefused()[i]),
                  chosen(s.contrast().at(l), i -> fitted.test(i) && !s.contrastRefused()[i]));
      directions.put(l, DirectionalAblation.difference(refused, answered));
    }
    ControlVector refusal = new ControlVector(directions, provenance(sooner));
    IntPredicate ownSafe = probed(prompts.pseudoHarmful()).and(fitted);
    IntPredicate ownContrast = probed(prompts.contrast()).and(fitted);
    SortedMap<Layer, float[][]> negative = new TreeMap<>();
    SortedMap<Layer, float[][]> positive = new TreeMap<>();
    for (Layer l : probed()) {
      negative.put(l, chosen(s.safe().at(l), ownSafe));
      positive.put(l, chosen(s.contrast().at(l), ownContrast));
    }
    if (s.attacked().isEmpty()) {
      return probed(positive, negative, refusal, new Coefficient(0, -1, 1));
    }
    Activations attacked = s.attacked().get();
    SortedMap<Layer, float[][]> more = new TreeMap<>();
    positive.forEach((l, rows) -> more.put(l, joined(rows, chosen(attacked.at(l), fitted))));
    GatedEdit less = probed(more, negative, refusal, new Coefficient(-sooner, -1, 0));
    GatedEdit added = probed(positive, negative, refusal, new Coefficient(0, 0, 1));
    return new GatedEdit(
        Stream.concat(less.changes().stream(), added.changes().stream()).toList(),
        provenance(sooner));
  }

  private GatedEdit probed(
      SortedMap<Layer, float[][]> positive,
      SortedMap<Layer, float[][]> negative,
      ControlVector refusal,
      Coefficient coefficient) {
    return ConditionalSteering.probed(
        positive,
        negative,
        new LogisticProbe.Settings(settings.l2(), true, 100),
        refusal,
        settings.alpha(),
        coefficient,
        Map.of());
  }

  private Layer layer(double share) {
    return new Layer(Math.max(1, (int) Math.round(share * model.config().blocks())));
  }

  /** In a model of few blocks the changed layers may begin below a given depth. */
  private List<Layer> probed() {
    Layer highest = changed().get(0);
    return settings.probed().stream()
        .map(this::layer)
        .map(l -> l.index() > highest.index() ? highest : l)
        .distinct()
        .toList();
  }

  /** From the given depth to the last block but one. */
  private List<Layer> changed() {
    int last = Math.max(1, model.config().blocks() - 1);
    return IntStream.rangeClosed(Math.min(layer(settings.changed()).index(), last), last)
        .mapToObj(Layer::new)
        .toList();
  }

  private List<Prompt> attacked() {
    List<Prompt> all = new ArrayList<>();
    for (int i = 0; i < prompts.harmful().size(); i++) {
      Attack attack = settings.attacks().get(i % settings.attacks().size());
      all.add(attack.apply(prompts.harmful().get(i), i));
    }
    return all;
  }

  /**
   * Those that are none of the library's own pairs. If there are few of a class, all of both: pairs
   * on one side only would be told by their style.
   */
  private IntPredicate probed(List<Prompt> all) {
    ContrastPairs pairs = ContrastPairs.generate(ContrastPairs.available(), 1);
    Set<Prompt> own = new HashSet<>(pairs.harmless());
    own.addAll(pairs.harmful());
    boolean few =
        Stream.of(prompts.pseudoHarmful(), prompts.contrast())
            .anyMatch(some -> some.stream().filter(p -> !own.contains(p)).count() < FEW);
    return i -> few || !own.contains(all.get(i));
  }

  private boolean[] refused(List<Prompt> some) {
    return refused(model, some);
  }

  private boolean[] refused(LanguageModel asked, List<Prompt> some) {
    List<Completion> answers = asked.generate(some, Generation.greedy(settings.tokens()));
    List<RefusalVerdict> verdicts =
        settings
            .judge()
            .judgeAll(
                some.stream().map(p -> p.last().text()).toList(),
                answers.stream().map(Completion::text).toList());
    boolean[] refused = new boolean[some.size()];
    for (int i = 0; i < refused.length; i++) {
      refused[i] = verdicts.get(i).isRefusal();
    }
    return refused;
  }

  private static int count(boolean[] flags) {
    return (int) IntStream.range(0, flags.length).filter(i -> flags[i]).count();
  }

  private static float[][] chosen(float[][] rows, IntPredicate wanted) {
    return IntStream.range(0, rows.length)
        .filter(wanted)
        .mapToObj(i -> rows[i])
        .toArray(float[][]::new);
  }

  private static float[][] joined(float[][] a, float[][] b) {
    return Stream.concat(Stream.of(a), Stream.of(b)).toArray(float[][]::new);
  }

  /**
   * @param sooner the shift that was chosen
   */
  private Provenance provenance(double sooner) {
    Map<String, String> inputs = new LinkedHashMap<>();
    inputs.put("model", model.hash());
    inputs.put(
        "prompts",
        Hashes.sha256(
            List.of(
                prompts.harmful().toString(),
                prompts.pseudoHarmful().toString(),
                prompts.contrast().toString())));
    return new Provenance("probe_steering", settings.toMap(), 0, inputs, Map.of("sooner", sooner));
  }

  private static ProbeSteering.SteeringTuning result(
      GatedEdit edit,
      Outcome outcome,
      String reason,
      Optional<ReleaseGate.Report> report,
      long begin) {
    return new ProbeSteering.SteeringTuning(
        edit,
        outcome,
        reason,
        report,
        new TrainingResult(
            TrainingResult.StopReason.COMPLETED,
            0,
            0,
            Double.NaN,
            List.of(),
            List.of(),
            Optional.empty(),
            (System.nanoTime() - begin) / 1e9));
  }
}
