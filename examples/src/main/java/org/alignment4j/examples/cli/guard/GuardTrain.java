package org.alignment4j.examples.cli.guard;

import static org.alignment4j.core.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.OnDisk;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceMethod;
import org.alignment4j.rahf.PreferenceSettings;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.sysformer.Attack;
import org.alignment4j.sysformer.DroTuner;
import org.alignment4j.sysformer.GuardPrompt;
import org.alignment4j.sysformer.Sysformer;
import org.alignment4j.sysformer.SysformerSettings;
import org.alignment4j.sysformer.SysformerSettings.LossWeights;
import org.alignment4j.sysformer.SysformerTuner;
import org.alignment4j.train.TrainingResult.StepRecord;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Learns a system prompt, adaptive or static, for a frozen model. */
@Command(
    name = "train",
    description = {
      "Learns to rewrite the system prompt's embeddings so that the model, which is not changed,"
          + " refuses harmful prompts and answers the others. Writes a folder.",
      "--method sysformer adapts to each request; embedder (the same losses) and dro learn one"
          + " prompt for all. lora learns the same answers into an adapter of the model instead, to"
          + " compare with."
    })
final class GuardTrain extends AlignCommand {
  /** What is learned. */
  enum Method {
    SYSFORMER,
    EMBEDDER,
    DRO,
    LORA
  }

  /** Which settings are tried. */
  enum Grid {
    NONE,
    WEIGHTS,
    PAPER
  }

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--harmful",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "prompts to be refused; several with commas")
  @OnDisk(OnDisk.Place.FILE)
  private List<Path> harmful = List.of();

  @Option(
      names = "--harmless",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "prompts to be answered; several with commas")
  @OnDisk(OnDisk.Place.FILE)
  private List<Path> harmless = List.of();

  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "SYSFORMER",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  private Method method = Method.SYSFORMER;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      defaultValue = SysformerSettings.SYSTEM_TEXT,
      description = "the system prompt that is adapted (default: ${DEFAULT-VALUE})")
  private String system = SysformerSettings.SYSTEM_TEXT;

  @Option(names = "--layers", paramLabel = "N", description = "layers of the Sysformer (2)")
  private @Nullable Integer layers;

  @Option(names = "--inner", paramLabel = "N", description = "its inner width (the model's)")
  private @Nullable Integer inner;

  @Option(names = "--compliance", paramLabel = "X", description = "weight of that loss (1)")
  private @Nullable Double compliance;

  @Option(names = "--classification", paramLabel = "X", description = "weight of that loss (0)")
  private @Nullable Double classification;

  @Option(names = "--reconstruction", paramLabel = "X", description = "weight of that loss (0)")
  private @Nullable Double reconstruction;

  @Option(
      names = "--refusal",
      paramLabel = "TEXT",
      description = "what harmful prompts are to be answered with")
  private @Nullable String refusal;

  @Option(
      names = "--affirmation",
      paramLabel = "TEXT",
      description = "what the others are to be answered with (default: the model's own answers)")
  private @Nullable String affirmation;

  @Option(
      names = "--opening",
      paramLabel = "TEXT",
      description =
          "how the model's own answer is begun where it refuses by itself; none leaves such prompts"
              + " out (default: \""
              + SysformerSettings.OPENING
              + "\")")
  private @Nullable String opening;

  @Option(
      names = "--reply-tokens",
      paramLabel = "N",
      description = "most tokens of an own answer (64)")
  private @Nullable Integer replyTokens;

  @Option(names = "--epochs", paramLabel = "N", description = "passes (10; dro 40)")
  private @Nullable Integer epochs;

  @Option(names = "--batch-size", paramLabel = "N", description = "prompts a step (8; dro 50)")
  private @Nullable Integer batch;

  @Option(names = "--learning-rate", paramLabel = "X", description = "AdamW's (1e-4; dro 1e-3)")
  private @Nullable Double rate;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "seed (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--attacks",
      paramLabel = "LIST",
      converter = AttackList.Converter.class,
      description = "attacks or families of them in which prompts of both kinds are also shown")
  private AttackList attacks = AttackList.NONE;

  @Option(
      names = "--wordings",
      paramLabel = "N",
      defaultValue = "1",
      description = "attacks a prompt is shown in, drawn by seed (default: ${DEFAULT-VALUE})")
  private int wordings;

  @Option(
      names = "--grid",
      paramLabel = "NAME",
      defaultValue = "NONE",
      description =
          "${COMPLETION-CANDIDATES}: train under the paper's 16 weights, or 64 weights, epochs and"
              + " rates, and choose on a fifth of the prompts (default: ${DEFAULT-VALUE})")
  private Grid grid = Grid.NONE;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "folder to write")
  @OnDisk(OnDisk.Place.NEW_FOLDER)
  private Path out = Path.of("");

  @Override
  public Outcome run(ProgressListener progress) {
    require(wordings >= 1, "--wordings must be >= 1, was %s", wordings);
    require(
        grid == Grid.NONE || method == Method.SYSFORMER || method == Method.EMBEDDER,
        "%s has no grid",
        AttackList.name(method));
    refuseUnused();
    List<String> toRefuse = read(harmful);
    List<String> toAnswer = read(harmless);
    return model.use(m -> train(m, toRefuse, toAnswer, progress));
  }

  /** What a method has no use for is more likely a typing error than meant. */
  private void refuseUnused() {
    boolean losses = method == Method.SYSFORMER || method == Method.EMBEDDER;
    boolean targets = method != Method.DRO;
    boolean adaptive = method == Method.SYSFORMER;
    refuse("--layers", layers, adaptive);
    refuse("--inner", inner, adaptive);
    refuse("--compliance", compliance, losses);
    refuse("--classification", classification, losses);
    refuse("--reconstruction", reconstruction, losses);
    refuse("--refusal", refusal, targets);
    refuse("--affirmation", affirmation, targets);
    refuse("--opening", opening, targets);
    refuse("--reply-tokens", replyTokens, targets);
  }

  private void refuse(String option, @Nullable Object value, boolean used) {
    require(
        value == null || used,
        "%s has no use for %s",
        method.name().toLowerCase(Locale.ROOT),
        option);
  }

  private static List<String> read(List<Path> files) {
    List<String> all = new ArrayList<>();
    files.forEach(f -> all.addAll(Prompts.texts(Prompts.read(f))));
    return all;
  }

  private Outcome train(
      LanguageModel m, List<String> toRefuse, List<String> toAnswer, ProgressListener progress) {
    Map<String, Object> json = new LinkedHashMap<>();
    List<GuardPrompt> train = new ArrayList<>();
    List<GuardPrompt> validation = new ArrayList<>();
    divide(toRefuse, true, train, validation);
    divide(toAnswer, false, train, validation);
    long start = System.nanoTime();
    if (method == Method.LORA) {
      return lora(m, train, progress, start);
    }
    StringBuilder text = new StringBuilder();
    Tuning<Sysformer> tuning;
    if (method == Method.DRO) {
      tuning =
          DroTuner.builder()
              .systemText(system)
              .training(training(DroTuner.Settings.builder().build().training()))
              .build()
              .tune(m, train, progress);
    } else if (grid == Grid.NONE) {
      tuning = new SysformerTuner(settings()).tune(m, train, progress);
    } else {
      List<SysformerSettings> tried =
          grid == Grid.PAPER
              ? SysformerTuner.Grid.paper(settings())
              : SysformerTuner.Grid.weights(settings());
      Generation greedy = Generation.greedy(settings().replyTokens());
      SysformerTuner.Grid.Choice choice =
          new SysformerTuner.Grid(tried, new StringRefusalJudge(), greedy)
              .run(m, train, validation, progress);
      tuning = choice.tuning();
      json.put("grid", choice.trials().stream().map(GuardTrain::trial).toList());
      json.put("chosen", choice.best());
      text.append(table(choice)).append('\n');
    }
    tuning.adapter().save(out);
    List<StepRecord> history = tuning.training().history();
    json.put("method", method.name().toLowerCase(Locale.ROOT));
    json.put("seed", seed);
    json.put("guard", out);
    json.put("prompts", train.size());
    json.put(
        "unused",
        tuning.unused().stream()
            .map(u -> Map.of("index", u.index(), "reason", u.reason()))
            .toList());
    json.put("settings", tuning.adapter().provenance().settings());
    json.put("losses", history.stream().map(StepRecord::loss).toList());
    json.put("seconds", (System.nanoTime() - start) / 1e9);
    text.append(
        String.format(
            Locale.ROOT,
            "learned from %d prompts, %d left out%n%s, seed %d: loss %.4f -> %.4f in %d steps,"
                + " written to %s in %.1f s",
            train.size() - tuning.unused().size(),
            tuning.unused().size(),
            method.name().toLowerCase(Locale.ROOT),
            seed,
            history.isEmpty() ? Double.NaN : history.get(0).loss(),
            tuning.training().finalLoss(),
            tuning.training().steps(),
            out,
            (System.nanoTime() - start) / 1e9));
    return Outcome.passed(json, text.toString());
  }

  /** Supervised fine-tuning on what a Sysformer is trained to answer. */
  private Outcome lora(
      LanguageModel m, List<GuardPrompt> train, ProgressListener progress, long start) {
    SysformerSettings settings = settings();
    List<Optional<String>> targets = new SysformerTuner(settings).targets(m, train);
    List<PreferencePair> pairs = new ArrayList<>();
    for (int i = 0; i < train.size(); i++) {
      Prompt prompt = train.get(i).prompt().withSystem(system);
      // What is rejected plays no part; it must be another text.
      String other = train.get(i).harmful() ? SysformerSettings.OPENING : settings.refusal();
      int row = i;
      targets
          .get(i)
          .ifPresent(t -> pairs.add(new PreferencePair("prompt " + row, prompt, t, other)));
    }
    Tuning<LoraAdapter> tuning =
        PreferenceTuner.builder(PreferenceMethod.SFT)
            .learn(training(PreferenceSettings.builder(PreferenceMethod.SFT).build().learn()))
            .build()
            .tune(m, pairs, progress);
    tuning.adapter().save(out);
    double seconds = (System.nanoTime() - start) / 1e9;
    int used = pairs.size() - tuning.unused().size();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("method", AttackList.name(method));
    json.put("seed", seed);
    json.put("adapter", out);
    json.put("prompts", train.size());
    json.put("used", used);
    json.put("settings", tuning.adapter().provenance().settings());
    json.put("seconds", seconds);
    return Outcome.passed(
        json,
        String.format(
            Locale.ROOT,
            "learned from %d prompts, %d left out%nlora, seed %d: written to %s in %.1f s",
            used,
            train.size() - used,
            seed,
            out,
            seconds));
  }

  /** A fifth for validation where there is a choice to make; wordings of a prompt stay with it. */
  private void divide(
      List<String> prompts, boolean isHarmful, List<GuardPrompt> train, List<GuardPrompt> held) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(seed));
    int kept = grid == Grid.NONE ? 0 : Math.max(1, prompts.size() / 5);
    for (int k = 0; k < order.size(); k++) {
      int i = order.get(k);
      for (String worded : worded(prompts.get(i), i)) {
        GuardPrompt p = isHarmful ? GuardPrompt.harmful(worded) : GuardPrompt.harmless(worded);
        (k < kept ? held : train).add(p);
      }
    }
  }

  private List<String> worded(String prompt, int row) {
    List<String> all = new ArrayList<>(List.of(prompt));
    List<Attack> left = new ArrayList<>(attacks.attacks());
    SplittableRandom random = new SplittableRandom(seed * 31 + row);
    for (int i = 0; i < wordings && !left.isEmpty(); i++) {
      all.add(left.remove(random.nextInt(left.size())).apply(prompt, seed + row));
    }
    return all;
  }

  private SysformerSettings settings() {
    SysformerSettings d = SysformerSettings.builder().build();
    SysformerSettings.Builder<SysformerSettings> b =
        d.toBuilder().systemText(system).training(training(d.training()));
    LossWeights w = d.weights();
    b.weights(
        new LossWeights(
            w.refusal(),
            or(compliance, w.compliance()),
            or(classification, w.classification()),
            or(reconstruction, w.reconstruction())));
    b.layers(method == Method.EMBEDDER ? 0 : or(layers, d.layers()));
    b.inner(or(inner, d.inner()));
    b.refusal(or(refusal, d.refusal()));
    b.affirmation(affirmation);
    b.opening("none".equals(opening) ? null : or(opening, SysformerSettings.OPENING));
    return b.replyTokens(or(replyTokens, d.replyTokens())).build();
  }

  private TrainingSettings training(TrainingSettings d) {
    return d.toBuilder()
        .epochs(or(epochs, d.epochs()))
        .batchSize(or(batch, d.batchSize()))
        .learningRate(or(rate, d.learningRate()))
        .seed(seed)
        .build();
  }

  private static <T> T or(@Nullable T given, T fallback) {
    return given == null ? fallback : given;
  }

  private static Map<String, Object> trial(SysformerTuner.Grid.Trial t) {
    Map<String, Object> map = new LinkedHashMap<>();
    LossWeights w = t.settings().weights();
    map.put("compliance", w.compliance());
    map.put("classification", w.classification());
    map.put("reconstruction", w.reconstruction());
    map.put("learning_rate", t.settings().training().learningRate());
    map.put("epochs", t.settings().training().epochs());
    map.put("validation", t.validation().toMap());
    map.put("seconds", t.seconds());
    return map;
  }

  private static String table(SysformerTuner.Grid.Choice choice) {
    StringBuilder text =
        new StringBuilder(
            "| compliance | classification | reconstruction | rate | epochs | RR harmful | RR safe |"
                + " delta-RR |\n|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < choice.trials().size(); i++) {
      SysformerTuner.Grid.Trial t = choice.trials().get(i);
      LossWeights w = t.settings().weights();
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %s | %d | %.2f | %.2f | %s%.2f |%n",
              w.compliance(),
              w.classification(),
              w.reconstruction(),
              t.settings().training().learningRate(),
              t.settings().training().epochs(),
              t.validation().harmful().rate(),
              t.validation().safe().rate(),
              i == choice.best() ? "chosen: " : "",
              t.validation().difference()));
    }
    return text.toString();
  }
}
