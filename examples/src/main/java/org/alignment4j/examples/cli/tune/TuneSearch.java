package org.alignment4j.examples.cli.tune;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.actor.ActorTuner.AblationSearch;
import org.alignment4j.actor.ActorTuner.AblationSearch.Candidate;
import org.alignment4j.actor.ActorTuner.AblationSearch.Kernel;
import org.alignment4j.actor.ActorTuner.AblationSearch.Prompts;
import org.alignment4j.actor.ActorTuner.AblationSearch.Result;
import org.alignment4j.actor.ActorTuner.AblationSearch.Settings;
import org.alignment4j.actor.ActorTuner.AblationSearch.Trial;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.BenignFile;
import org.alignment4j.examples.cli.option.HarmfulFile;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.OutputFolder;
import org.alignment4j.examples.cli.option.PseudoHarmfulFile;
import org.alignment4j.examples.cli.option.SeedOption;
import org.alignment4j.examples.cli.output.RunFile;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.LanguageModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A search for an ablation of false refusals. */
@Command(
    name = "search",
    description = {
      "Searches for an ablation of the direction of false refusals in the weights: over layer,"
          + " direction and strength at each block, so that more safe prompts are answered, harmful"
          + " ones still refused and benign ones answered as before. Writes a LoRA of rank one to"
          + " --out.",
      "Half of each class gives directions, the other half is measured. Called again with the same"
          + " --out it resumes: trials.jsonl there has what was measured."
    })
final class TuneSearch extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private HarmfulFile harmful = new HarmfulFile();
  @Mixin private BenignFile benign = new BenignFile();

  @Mixin private PseudoHarmfulFile safe = new PseudoHarmfulFile();

  @Option(
      names = "--candidates",
      paramLabel = "N",
      defaultValue = "48",
      description = "random candidates of the first round (default: ${DEFAULT-VALUE})")
  private int candidates;

  @Mixin private SeedOption seed = new SeedOption(1);
  @Mixin private OutputFolder out = new OutputFolder();

  /** A trial, and what it was measured with. */
  private record Kept(String fingerprint, Trial trial) {
    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("fingerprint", fingerprint);
      map.putAll(json(trial));
      return map;
    }

    static Kept of(JsonObject o) {
      Candidate c =
          new Candidate(
              o.get("direction").getAsDouble(),
              o.get("spared").getAsDouble(),
              kernel(o.getAsJsonArray("attention")),
              kernel(o.getAsJsonArray("mlp")));
      return new Kept(
          o.get("fingerprint").getAsString(),
          new Trial(
              o.get("number").getAsInt(),
              c,
              o.get("prompts").getAsInt(),
              o.get("safe_refused").getAsDouble(),
              o.get("harmful_refused").getAsDouble(),
              o.get("divergence").getAsDouble(),
              o.get("violation").getAsDouble(),
              o.get("bound_by").getAsString()));
    }

    private static Kernel kernel(JsonArray a) {
      return new Kernel(
          a.get(0).getAsDouble(),
          a.get(1).getAsDouble(),
          a.get(2).getAsDouble(),
          a.get(3).getAsDouble());
    }
  }

  private static Map<String, Object> json(Trial t) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("number", t.number());
    map.put("prompts", t.prompts());
    map.put("safe_refused", t.safeRefused());
    map.put("harmful_refused", t.harmfulRefused());
    map.put("divergence", t.divergence());
    map.put("violation", t.violation());
    map.put("bound_by", t.boundBy());
    map.put("direction", t.candidate().direction());
    map.put("spared", t.candidate().spared());
    map.put("attention", numbers(t.candidate().attention()));
    map.put("mlp", numbers(t.candidate().mlp()));
    return map;
  }

  private static List<Double> numbers(Kernel k) {
    return List.of(k.peak(), k.highest(), k.lowest(), k.reach());
  }

  @Override
  public Outcome run(ProgressListener progress) {
    List<Prompt> look = PromptFile.read(safe.get());
    List<Prompt> bad = PromptFile.read(harmful.get());
    List<Prompt> good = PromptFile.read(benign.get());
    Prompts prompts = Prompts.of(look, bad, good);
    Settings defaults = Settings.DEFAULT;
    Settings settings =
        new Settings(candidates, defaults.firstPrompts(), defaults.limits(), seed.get());
    Path file = out.created().resolve("trials.jsonl");
    List<Kept> kept = RunFile.read(file, "tune search", Kept::of);
    Result result =
        model.use(
            m -> {
              String fingerprint =
                  Hashes.sha256(
                      List.of(
                          m.hash(),
                          m.precision().toString(),
                          settings.toString(),
                          prompts.toString()));
              kept.forEach(
                  k ->
                      require(
                          k.fingerprint.equals(fingerprint),
                          "%s was measured with another model, other prompts or other settings;"
                              + " give another --out",
                          file));
              return search(m, settings, prompts, kept, fingerprint, file, progress);
            });
    if (result.adapter() != null) {
      result.adapter().save(out.get());
    }
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("adapter", result.adapter() == null ? null : out.get());
    map.put("reason", result.reason());
    map.put("settings", settings.toMap());
    map.put("seed", seed.get());
    map.put("trials", result.trials().stream().map(TuneSearch::json).toList());
    return Outcome.passed(map, text(result));
  }

  private static Result search(
      LanguageModel m,
      Settings settings,
      Prompts prompts,
      List<Kept> kept,
      String fingerprint,
      Path file,
      ProgressListener progress) {
    List<Kept> all = new ArrayList<>(kept);
    return new AblationSearch(settings)
        .run(
            m,
            prompts,
            kept.stream().map(Kept::trial).toList(),
            t -> {
              all.add(new Kept(fingerprint, t));
              RunFile.write(file, all.stream().map(Kept::toMap).toList());
            },
            progress);
  }

  private String text(Result result) {
    StringBuilder text = new StringBuilder();
    text.append("| candidate | prompts | safe refused | harmful refused | KL | not kept |\n");
    text.append("|---|---|---|---|---|---|\n");
    int most = result.trials().stream().mapToInt(Trial::prompts).max().orElse(0);
    for (Trial t : result.trials()) {
      if (t.prompts() == most) {
        text.append(
            String.format(
                Locale.ROOT,
                "| %d | %d | %.3f | %.3f | %.3f | %s |%n",
                t.number(),
                t.prompts(),
                t.safeRefused(),
                t.harmfulRefused(),
                t.divergence(),
                t.boundBy()));
      }
    }
    return text
        + (result.adapter() == null
            ? "nothing is written: " + result.reason()
            : "LoRA of " + result.reason() + " written to " + out.get());
  }
}
