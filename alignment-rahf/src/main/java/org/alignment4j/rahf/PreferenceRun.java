package org.alignment4j.rahf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceTuner.EncodedPair;
import org.alignment4j.rahf.PreferenceTuner.PreferenceTuning;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingLoop.Objective;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.SupervisedObjective;
import org.jspecify.annotations.Nullable;

/** A run of a method. */
final class PreferenceRun {
  private final LanguageModel model;
  private final PreferenceSettings settings;
  private final EncodedPairs encoded;
  private final RahfKernels kernels;
  private final ProgressListener progress;
  private final String data;
  private final Map<String, LoraAdapter> steps = new LinkedHashMap<>();
  private final Map<String, TrainingResult> trainings = new LinkedHashMap<>();

  PreferenceRun(
      LanguageModel model,
      PreferenceSettings settings,
      EncodedPairs encoded,
      String data,
      RahfKernels kernels,
      ProgressListener progress) {
    this.model = model;
    this.settings = settings;
    this.encoded = encoded;
    this.kernels = kernels;
    this.progress = progress;
    this.data = data;
  }

  PreferenceTuning run() {
    LoraAdapter adapter =
        switch (settings.method()) {
          case SFT -> sft("sft", pairs(p -> p.chosen().plain()));
          case DPO -> dpo();
          case HIR -> hir();
          case LORRA -> fit(model, model, null);
          case RAHF_SCIT -> scit();
          case RAHF_DUAL -> dual();
          case WEIGHT_EXTRAPOLATION -> extrapolated();
          case CIRCUIT_BREAKERS -> rerouted();
        };
    return new PreferenceTuning(
        adapter,
        settings.method() + " on " + encoded.size() + " pairs",
        encoded.unused(),
        steps,
        trainings);
  }

  private <R> List<R> pairs(Function<EncodedPair, R> each) {
    return encoded.pairs().stream().map(each).toList();
  }

  private LoraAdapter sft(String name, List<Encoded> responses) {
    return train(
        name,
        settings.learn(),
        allLayers(),
        responses,
        SupervisedObjective::new,
        e -> e.ids().length);
  }

  private LoraAdapter dpo() {
    List<Encoded> both = new ArrayList<>(pairs(p -> p.chosen().plain()));
    both.addAll(pairs(p -> p.rejected().plain()));
    // The start model is the reference: adapters off. It never changes, so its scores are computed
    // once.
    double[] reference = model.logProbabilities(both);
    int n = encoded.pairs().size();
    List<DpoRow> rows =
        IntStream.range(0, n)
            .mapToObj(i -> new DpoRow(both.get(i), both.get(n + i), reference[i], reference[n + i]))
            .toList();
    return train(
        "dpo",
        settings.learn(),
        allLayers(),
        rows,
        lora -> new DpoObjective(lora, settings.beta(), kernels),
        r -> r.chosen().ids().length + r.rejected().ids().length);
  }

  private LoraAdapter hir() {
    List<Encoded> responses = new ArrayList<>(pairs(p -> p.chosen().good()));
    responses.addAll(pairs(p -> p.rejected().bad()));
    return sft("hir", responses);
  }

  private LoraAdapter scit() {
    List<ScitRow> rows = new ArrayList<>();
    for (EncodedPair p : encoded.pairs()) {
      rows.add(new ScitRow(p.chosen().good(), p.chosen().bad()));
      rows.add(new ScitRow(p.rejected().bad(), p.rejected().good()));
    }
    LoraAdapter taught =
        train(
            "scit",
            settings.learn(),
            allLayers(),
            rows,
            lora -> new ScitObjective(lora, settings.lambda(), settings.smoothing(), kernels),
            r -> r.own().ids().length + r.other().ids().length);
    steps.put("scit", taught);
    if (settings.stepOneOnly()) {
      return taught;
    }
    try (LanguageModel view = model.with(taught)) {
      return fit(view, view, taught);
    }
  }

  /** Trains Dual's good model of step 1. */
  private LoraAdapter good() {
    LoraAdapter good = sft("good", pairs(p -> p.chosen().plain()));
    steps.put("good", good);
    return good;
  }

  private LoraAdapter bad() {
    LoraAdapter bad = sft("bad", pairs(p -> p.rejected().plain()));
    steps.put("bad", bad);
    return bad;
  }

  private LoraAdapter extrapolated() {
    LoraAdapter good = good();
    LoraAdapter beyond = WeightExtrapolation.of(good, bad(), settings.extrapolation());
    return new LoraAdapter(
        beyond.rank(),
        beyond.alpha(),
        beyond.targets(),
        provenance("extrapolated", settings.learn().seed(), Map.of()));
  }

  private LoraAdapter dual() {
    LoraAdapter good = good();
    if (settings.stepOneOnly()) {
      return good;
    }
    LoraAdapter bad = bad();
    try (LanguageModel one = model.with(good);
        LanguageModel other = model.with(bad)) {
      return fit(one, other, good);
    }
  }

  /**
   * Step 2.
   *
   * @param taught step 1's adapter of the good model; null if there was no step 1
   */
  private LoraAdapter fit(LanguageModel good, LanguageModel bad, @Nullable LoraAdapter taught) {
    List<Layer> layers = settings.layers(model.config().blocks());
    boolean instructed = settings.method().instructed();
    FitCondition goodState = new FitCondition(good, instructed ? FitRow::good : FitRow::plain);
    FitCondition badState = new FitCondition(bad, instructed ? FitRow::bad : FitRow::plain);
    FitCondition base =
        switch (settings.base()) {
          case START -> new FitCondition(model, FitRow::plain);
          case STEP1 -> instructed ? new FitCondition(good, FitRow::plain) : goodState;
          case STEP1_GOOD -> goodState;
        };
    ActivityPatterns patterns =
        new ActivityPatterns(
            base,
            goodState,
            badState,
            layers,
            settings.responseTokens(),
            settings.alpha(),
            settings.randomDirections()
                ? OptionalLong.of(settings.fit().seed())
                : OptionalLong.empty(),
            settings.targetBytes());
    LoraAdapter before = settings.fromStepOne() ? taught : null;
    LoraAdapter fitted =
        train(
            "fit",
            settings.fit(),
            before == null ? model : good,
            upTo(layers.get(layers.size() - 1)),
            FitRow.of(encoded.pairs(), settings.responses(), settings.fit().seed()),
            lora ->
                new FitObjective(
                    lora, patterns, layers, settings.responseTokens(), settings.fitLoss(), kernels),
            r -> r.plain().ids().length);
    return before == null ? fitted : before.plus(fitted);
  }

  private LoraAdapter rerouted() {
    List<ReroutingRow> rows =
        ReroutingRow.of(encoded.allRejected(), encoded.allChosen(), settings.responseTokens());
    List<Layer> broken = settings.layers(model.config().blocks());
    List<Layer> kept = upTo(broken.get(broken.size() - 1));
    long steps = settings.fit().totalSteps(rows.size());
    return train(
        "reroute",
        settings.fit(),
        kept,
        rows,
        lora ->
            new ReroutingObjective(
                lora,
                broken,
                kept,
                settings.promptTokens() ? TokenPositions.all() : TokenPositions.response(),
                settings.alpha(),
                steps,
                kernels),
        r -> r.broken().ids().length + r.kept().ids().length);
  }

  private List<Layer> allLayers() {
    return upTo(new Layer(model.config().blocks()));
  }

  /** Layers 1 to {@code top}: a LoRA above the highest layer that is read would get no gradient. */
  private static List<Layer> upTo(Layer top) {
    return IntStream.rangeClosed(1, top.index()).mapToObj(Layer::new).toList();
  }

  private <R> LoraAdapter train(
      String name,
      TrainingSettings how,
      List<Layer> layers,
      List<R> rows,
      Function<TrainableLora, Objective<R>> objective,
      ToIntFunction<R> length) {
    return train(name, how, model, layers, rows, objective, length);
  }

  /**
   * @param on the model, which may have an adapter already; the result does not contain it
   */
  private <R> LoraAdapter train(
      String name,
      TrainingSettings how,
      LanguageModel on,
      List<Layer> layers,
      List<R> rows,
      Function<TrainableLora, Objective<R>> objective,
      ToIntFunction<R> length) {
    TrainableLora.Shape shape = settings.lora();
    LoraAdapter start = TrainableLora.initial(on, shape, layers, how.seed());
    Path folder = how.checkpointFolder();
    TrainingSettings own =
        folder == null ? how : how.with(t -> t.checkpointFolder(folder.resolve(name)));
    try (TrainableLora lora = new TrainableLora(on, start, shape.dropout())) {
      TrainingResult result =
          TrainingLoop.<R>builder(own)
              .task(name)
              .fingerprint(model.hash() + " " + data + " " + settings.toMap())
              .length(length)
              .build()
              .run(rows, objective.apply(lora), progress);
      trainings.put(name, result);
      return lora.snapshot(
          provenance(
              name, how.seed(), Map.of("loss", result.finalLoss(), "steps", result.steps())));
    }
  }

  private Provenance provenance(String name, long seed, Map<String, Object> training) {
    Map<String, Object> metrics = new LinkedHashMap<>(training);
    metrics.put("pairs", encoded.size());
    metrics.put("unused_pairs", encoded.unused().size());
    return new Provenance(
        settings.method().name().toLowerCase(java.util.Locale.ROOT) + ", " + name,
        settings.toMap(),
        seed,
        Map.of("model", model.hash(), "pairs", data),
        metrics);
  }
}
