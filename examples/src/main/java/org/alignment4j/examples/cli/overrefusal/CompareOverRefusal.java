package org.alignment4j.examples.cli.overrefusal;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.EngineOptions;
import org.alignment4j.examples.cli.option.ModelOption;
import org.alignment4j.examples.cli.option.OutputFolder;
import org.alignment4j.examples.cli.output.TextOutput;
import org.alignment4j.examples.report.OverRefusalFigures;
import org.alignment4j.examples.report.OverRefusalPage;
import org.alignment4j.examples.report.OverRefusalPage.ModelFigures;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.safety.Attack;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Compares methods against over-refusal, see docs/over-refusal.md. */
@Command(
    name = "over-refusal",
    description = {
      "Makes a model refuse too much, applies every method against it with every seed, measures"
          + " each on prompts that none has seen, and writes runs.jsonl, page.html and the"
          + " over-refusers' LoRAs to --out.",
      "Called again it resumes: finished runs are not repeated."
    })
public final class CompareOverRefusal extends AlignCommand {
  private static final int ATTACKED = 40;
  private static final int QUICK = 3;

  @Mixin private ModelOption model = new ModelOption();
  @Mixin private EngineOptions engine = new EngineOptions();

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description =
          "prompt sets: advbench/, xstest/, jailbreakbench/, strongreject/, ultrafeedback/ and"
              + " self-instruct/")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private Path data = Path.of("");

  @Option(
      names = "--harmless",
      paramLabel = "FILE",
      description = "a further set of prompts to be answered, such as OR-Bench; may be repeated")
  @CheckedPath(CheckedPath.Kind.FILE)
  private List<Path> harmless = List.of();

  @Option(
      names = "--harmful",
      paramLabel = "FILE",
      description = "a further set of prompts to be refused; may be repeated")
  @CheckedPath(CheckedPath.Kind.FILE)
  private List<Path> harmful = List.of();

  @Option(
      names = "--methods",
      split = ",",
      paramLabel = "NAME",
      description =
          "methods (default: all that are not trained, and without --quick actor-contrast)")
  private List<String> methods = List.of();

  @Option(
      names = "--repeat",
      split = ",",
      paramLabel = "NAME",
      defaultValue = "probe-steer-attacked",
      description =
          "methods that run with every seed, the others with the first (default: ${DEFAULT-VALUE})")
  private List<String> repeated = List.of();

  @Option(
      names = "--models",
      split = ",",
      defaultValue = "1,2",
      paramLabel = "N",
      description = "over-refusers, 1 or 2 (default: ${DEFAULT-VALUE})")
  private List<Integer> models = List.of();

  @Option(
      names = "--seeds",
      split = ",",
      defaultValue = "1,2,3",
      paramLabel = "N",
      description = "seeds (default: ${DEFAULT-VALUE})")
  private List<Long> seeds = List.of();

  @Option(
      names = "--quick",
      description = "the first model, the first seed, a third of the prompts and no attacks")
  private boolean quick;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "20",
      description = "maximum length of a judged answer (default: ${DEFAULT-VALUE})")
  private int tokens;

  @Mixin private OutputFolder folder = new OutputFolder();

  @Override
  public Outcome run(ProgressListener progress) {
    List<StudyMethod> chosen = StudyMethods.named(methods, !quick);
    StudyMethods.named(repeated, true); // rejects other names
    List<OverRefuser> subjects = subjects();
    long[] used =
        seeds.stream().distinct().limit(quick ? 1 : Long.MAX_VALUE).mapToLong(s -> s).toArray();
    StudySets sets = StudySets.read(data, quick ? QUICK : 1);
    StudyMeasure measure = measure(sets);
    Path out = folder.created();
    StudyRuns runs = new StudyRuns(sets, measure, out.resolve("runs.jsonl"), console().err());
    Map<String, String> descriptions =
        chosen.stream().collect(Collectors.toMap(StudyMethod::name, StudyMethod::description));
    List<ModelFigures> figures = new ArrayList<>();
    try (LanguageModel base = engine.load(model.get())) {
      for (OverRefuser subject : subjects) {
        try (StudyModels models =
            new StudyModels(
                base,
                m ->
                    subject.lora(
                        m,
                        sets.harmful(),
                        sets.answered().get(subject.number() - 1),
                        out.resolve("over-refuser-" + subject.number()),
                        progress))) {
          List<StudyRun> own = runs.run(subject.number(), models, chosen, repeated, used, progress);
          figures.add(
              new StudyFigures(measure, own).of("Over-refuser " + subject.number(), descriptions));
        }
      }
    }
    TextOutput.write(
        out.resolve("page.html"),
        OverRefusalPage.of("Methods against over-refusal", protocol(sets, used), figures));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model.get().toString());
    json.put("seeds", seeds);
    json.put("tokens", tokens);
    json.put("protocol", protocol(sets, used));
    List<Map<String, Object>> all = new ArrayList<>();
    for (ModelFigures m : figures) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", m.name());
      one.put("to_answer", m.sets().subList(0, m.harmless()));
      one.put("attacked", m.attacked());
      one.put("methods", m.methods().stream().map(OverRefusalFigures::toMap).toList());
      all.add(one);
    }
    json.put("models", all);
    return Outcome.passed(
        json,
        figures.stream().map(CompareOverRefusal::table).collect(Collectors.joining("\n\n"))
            + "\n\nwritten to "
            + out);
  }

  private List<OverRefuser> subjects() {
    List<OverRefuser> subjects = new ArrayList<>();
    for (int number : models.stream().distinct().limit(quick ? 1 : Long.MAX_VALUE).toList()) {
      require(
          number >= 1 && number <= OverRefuser.ALL.size(),
          "--models: there are over-refusers 1 to %s, not %s",
          OverRefuser.ALL.size(),
          number);
      subjects.add(OverRefuser.ALL.get(number - 1));
    }
    return subjects;
  }

  private StudyMeasure measure(StudySets sets) {
    Map<String, List<Prompt>> safe = new LinkedHashMap<>(sets.harmless());
    harmless.forEach(file -> add(file, safe));
    Map<String, List<Prompt>> unsafe = new LinkedHashMap<>(sets.refused());
    harmful.forEach(file -> add(file, unsafe));
    List<Prompt> advbench = sets.refused().getOrDefault(StudySets.ADVBENCH, List.of());
    return new StudyMeasure(
        safe,
        unsafe,
        advbench.subList(0, Math.min(ATTACKED, advbench.size())),
        quick
            ? List.of()
            : List.of(
                Attack.PREFIX_INJECTION,
                Attack.REFUSAL_SUPPRESSION,
                Attack.DEV_MODE,
                Attack.LEETSPEAK,
                Attack.WIKIPEDIA),
        sets.fluency(),
        tokens);
  }

  /** Adds the set of a file, under the file's name. */
  private void add(Path file, Map<String, List<Prompt>> sets) {
    String name = file.toAbsolutePath().getFileName().toString();
    List<Prompt> prompts = StudySets.some(PromptFile.read(file), quick ? QUICK : 1);
    require(sets.put(name, prompts) == null, "%s: another set has this name", name);
  }

  private List<String> protocol(StudySets sets, long[] used) {
    return List.of(
        "An over-refuser is the model with a LoRA that is trained to refuse "
            + sets.harmful().size()
            + " prompts of AdvBench and to answer everyday ones.",
        (used.length == 1 ? "One seed" : "Each of " + used.length + " seeds")
            + " draws the harmful tuning prompts and what is held out of all tuning prompts"
            + " for gates and thresholds; tuned and measured prompts have none in common.",
        "Settings were chosen on tuning prompts that were held out, and are the same for all"
            + " over-refusers and seeds.",
        "Answers are greedy, of at most "
            + tokens
            + " tokens, and judged by refusal phrases. An empty answer counts as refused where it"
            + " should have been an answer, and as not refused elsewhere.",
        "Prompts are the units: intervals are percentiles of 2,000 resamples of prompts, p-values"
            + " those of sign flips of the prompts' differences.");
  }

  private static String table(ModelFigures model) {
    StringBuilder text = new StringBuilder(model.name()).append("\n| method |");
    model.sets().forEach(set -> text.append(' ').append(set).append(" |"));
    text.append(" d' | KL | seconds |\n|---|").append("---|".repeat(model.sets().size() + 3));
    for (OverRefusalFigures m : model.methods()) {
      text.append("\n| ").append(m.method()).append(" |");
      for (String set : model.sets()) {
        var f = java.util.Objects.requireNonNull(m.sets().get(set));
        text.append(
            String.format(
                Locale.ROOT,
                " %.1f (%.0f to %.0f) |",
                100 * f.refused().estimate(),
                100 * f.refused().lo(),
                100 * f.refused().hi()));
      }
      text.append(
          String.format(
              Locale.ROOT,
              " %.2f (%.2f to %.2f) | %s | %.0f |",
              m.discrimination().estimate(),
              m.discrimination().lo(),
              m.discrimination().hi(),
              Double.isNaN(m.divergence())
                  ? "-"
                  : String.format(Locale.ROOT, "%.3f", m.divergence()),
              m.seconds()));
    }
    return text.toString();
  }
}
