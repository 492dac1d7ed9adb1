package org.alignment4j.examples.cli.tune;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.InstructionRows;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.PairsInput;
import org.alignment4j.examples.cli.option.SeedOption;
import org.alignment4j.examples.cli.output.PairsText;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.rahf.PreferenceTuner.PreferenceTuning;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a LoRA on a preference file; each method is a command of its own. */
public abstract class TunePreferences extends AlignCommand {
  private final PreferenceMethod method;

  @Mixin private PairsInput input = new PairsInput();
  @Mixin private PreferenceOptions options = new PreferenceOptions();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FOLDER",
      description = "folder for the LoRA, in PEFT's format")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private Path out = Path.of("");

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description =
          "folder of a LoRA to start from, such as that of tune sft; the one that is written"
              + " contains it")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private @Nullable Path before;

  @Mixin private SeedOption seed = new SeedOption(1);

  @Mixin private TrainedPairs trained = new TrainedPairs();

  @Option(
      names = "--control",
      paramLabel = "NAME",
      converter = PreferenceControl.Converter.class,
      description =
          "step-one: end after step 1; random: random vectors of equal norms, or, where none are"
              + " fitted, chosen and rejected exchanged in a random half of the pairs; swapped: in"
              + " all of them")
  private @Nullable PreferenceControl control;

  TunePreferences(PreferenceMethod method) {
    this.method = method;
  }

  @Override
  public final Outcome run(ProgressListener progress) {
    options.check(method);
    PreferenceControl how = Objects.requireNonNullElse(control, PreferenceControl.NONE);
    require(how.fits(method), "%s cannot be run as control %s", MethodName.of(method), how);
    Contents set = input.read();
    List<PreferencePair> pairs =
        new ArrayList<>(how.apply(method, input.some(set, 0, trained.first()), seed.get()));
    pairs.addAll(further());
    long start = System.nanoTime();
    LoraAdapter first = before == null ? null : LoraAdapter.load(before);
    PreferenceTuning tuning =
        input.use(
            m -> {
              PreferenceTuner tuner =
                  new PreferenceTuner(
                      options.settings(
                          method, how, seed.get(), m.config().blocks(), trained.resume()));
              if (first == null) {
                return tuner.tune(m, pairs, progress);
              }
              try (LanguageModel merged = m.withMerged(first)) {
                return tuner.tune(merged, pairs, progress);
              }
            });
    double seconds = (System.nanoTime() - start) / 1e9;
    (first == null ? tuning.adapter() : first.plus(tuning.adapter())).save(out);
    return outcome(set, pairs, how, tuning, seconds);
  }

  /** Pairs of other files, which {@code --first} and controls leave as they are. */
  List<PreferencePair> further() {
    return List.of();
  }

  private Outcome outcome(
      Contents set,
      List<PreferencePair> pairs,
      PreferenceControl how,
      PreferenceTuning tuning,
      double seconds) {
    int taken = pairs.size();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("method", MethodName.of(method));
    json.put("control", how);
    json.put("seed", seed.get());
    json.put("adapter", out);
    json.put("start_adapter", before);
    json.put("input", PairsText.json(input.pairs(), set));
    json.put("taken", taken);
    json.put("used", taken - tuning.unused().size());
    json.put(
        "unused",
        tuning.unused().stream()
            .map(u -> ImmutableMap.of("id", pairs.get(u.index()).id(), "reason", u.reason()))
            .toList());
    json.put("settings", tuning.adapter().provenance().settings());
    json.put("trainings", trainings(tuning));
    json.put("seconds", seconds);
    StringBuilder text = new StringBuilder(PairsText.of(set));
    text.append(
        String.format("%nlearned from %d of %d pairs", taken - tuning.unused().size(), taken));
    text.append(
        PairsText.listed(
            "of these could not be used",
            tuning.unused().stream()
                .map(u -> "id " + pairs.get(u.index()).id() + ": " + u.reason())
                .toList()));
    new TreeMap<>(tuning.trainings()).forEach((name, r) -> text.append("\n").append(line(name, r)));
    text.append(
        String.format(
            Locale.ROOT,
            "%n%s%s, seed %d: LoRA written to %s in %.1f s",
            MethodName.of(method),
            how == PreferenceControl.NONE ? "" : ", control " + how,
            seed.get(),
            out,
            seconds));
    return Outcome.passed(json, text.toString());
  }

  private static String line(String name, TrainingResult r) {
    return String.format(
        Locale.ROOT,
        "%s: loss %.4f -> %.4f in %d steps, %.1f s",
        name,
        r.history().isEmpty() ? Double.NaN : r.history().get(0).loss(),
        r.finalLoss(),
        r.steps(),
        r.seconds());
  }

  /** Returns the losses of each training, for JSON. */
  public static Map<String, Object> trainings(PreferenceTuning tuning) {
    Map<String, Object> all = new TreeMap<>();
    tuning
        .trainings()
        .forEach(
            (name, r) -> {
              Map<String, Object> one = new LinkedHashMap<>();
              one.put("steps", r.steps());
              one.put("final_loss", r.finalLoss());
              one.put("seconds", r.seconds());
              one.put("losses", r.history().stream().map(TunePreferences::step).toList());
              all.put(name, one);
            });
    return all;
  }

  private static Map<String, Object> step(TrainingResult.StepRecord s) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("step", s.step());
    map.put("loss", s.loss());
    map.putAll(new TreeMap<>(s.metrics()));
    return map;
  }

  /** SCIT. */
  @Command(
      name = "rahf-scit",
      description =
          "RAHF-SCIT: one model is trained on a good and a bad instruction, then the difference"
              + " of its hidden states under them is fitted. Writes a LoRA.")
  static final class Scit extends TunePreferences {
    Scit() {
      super(PreferenceMethod.RAHF_SCIT);
    }
  }

  /** Dual. */
  @Command(
      name = "rahf-dual",
      description =
          "RAHF-Dual: one model is trained on chosen, one on rejected responses, then the"
              + " difference of their hidden states is fitted. Writes a LoRA.")
  static final class Dual extends TunePreferences {
    Dual() {
      super(PreferenceMethod.RAHF_DUAL);
    }
  }

  /** LoRRA. */
  @Command(
      name = "lorra",
      description =
          "LoRRA on preference data: the difference of the start model's hidden states under a"
              + " good and a bad instruction is fitted. Writes a LoRA.")
  static final class Lorra extends TunePreferences {
    Lorra() {
      super(PreferenceMethod.LORRA);
    }
  }

  /** HIR. */
  @Command(
      name = "hir",
      description =
          "Hindsight instruction relabelling: supervised fine-tuning on the chosen responses under"
              + " a good instruction and on the rejected ones under a bad one. Writes a LoRA, to be"
              + " asked under the good instruction.")
  static final class Hir extends TunePreferences {
    Hir() {
      super(PreferenceMethod.HIR);
    }
  }

  /** DPO. */
  @Command(name = "dpo", description = "Direct preference optimization. Writes a LoRA.")
  static final class Dpo extends TunePreferences {
    Dpo() {
      super(PreferenceMethod.DPO);
    }
  }

  /** SFT. */
  @Command(
      name = "sft",
      description = "Supervised fine-tuning on the chosen responses. Writes a LoRA.")
  static final class Sft extends TunePreferences {
    Sft() {
      super(PreferenceMethod.SFT);
    }
  }

  /** Circuit breakers. */
  @Command(
      name = "circuit-breakers",
      description = {
        "Circuit breakers by representation rerouting: the hidden states of rejected responses, such"
            + " as harmful answers, lose their direction, those of chosen ones stay. Writes a LoRA.",
        "Needs responses to keep for all that the model should still do: refusals of harmful"
            + " requests, and with --keep answers to harmless ones."
      })
  static final class CircuitBreakers extends TunePreferences {
    @Option(
        names = "--keep",
        paramLabel = "FILE",
        description =
            "instructions with responses whose hidden states stay, may be repeated: JSON Lines with"
                + " instruction and output, or a preference file, of which the chosen responses are"
                + " used")
    @CheckedPath(CheckedPath.Kind.FILE)
    private List<Path> keep = List.of();

    CircuitBreakers() {
      super(PreferenceMethod.CIRCUIT_BREAKERS);
    }

    @Override
    List<PreferencePair> further() {
      List<PreferencePair> pairs = new ArrayList<>();
      for (Path file : keep) {
        for (InstructionSplit.Row row : InstructionRows.read(file)) {
          pairs.add(
              new PreferencePair(row.id(), Prompt.user(row.instruction()), row.response(), ""));
        }
      }
      return pairs;
    }
  }

  /** Weight extrapolation. */
  @Command(
      name = "weight-extrapolation",
      description =
          "RAHF-Dual's two models, but without the fit: their weights are extrapolated, W_good"
              + " + a (W_good - W_bad). Writes a LoRA of twice the rank.")
  static final class Extrapolation extends TunePreferences {
    Extrapolation() {
      super(PreferenceMethod.WEIGHT_EXTRAPOLATION);
    }
  }
}
