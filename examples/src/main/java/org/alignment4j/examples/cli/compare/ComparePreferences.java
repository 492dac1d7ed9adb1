package org.alignment4j.examples.cli.compare;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.evaluate.EvaluatePreferences;
import org.alignment4j.examples.cli.option.JudgeOptions;
import org.alignment4j.examples.cli.option.JudgeOptions.Judge;
import org.alignment4j.examples.cli.option.OutputFolder;
import org.alignment4j.examples.cli.option.PairsInput;
import org.alignment4j.examples.cli.output.PairsText;
import org.alignment4j.examples.cli.output.TextOutput;
import org.alignment4j.examples.cli.tune.MethodName;
import org.alignment4j.examples.cli.tune.PreferenceControl;
import org.alignment4j.examples.cli.tune.PreferenceOptions;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Compares methods that learn from preferences. */
@Command(
    name = "preferences",
    description = {
      "Trains with every method and seed on the first pairs of a file, evaluates each on the"
          + " others, and writes page.html, runs.jsonl, table.md, figure.svg and the adapters to"
          + " --out.",
      "Called again it resumes: finished runs are not repeated."
    })
final class ComparePreferences extends AlignCommand {
  @Mixin private PairsInput input = new PairsInput();
  @Mixin private PreferenceOptions options = new PreferenceOptions();
  @Mixin private EvaluatePreferences.Measuring measuring = new EvaluatePreferences.Measuring();
  @Mixin private JudgeOptions judging = new JudgeOptions();

  @Option(
      names = "--methods",
      split = ",",
      defaultValue = "sft,dpo,lorra,rahf-scit,rahf-dual",
      converter = MethodName.class,
      paramLabel = "NAME",
      description = "methods (default: ${DEFAULT-VALUE})")
  private List<PreferenceMethod> methods = List.of();

  @Option(
      names = "--controls",
      split = ",",
      converter = PreferenceControl.Converter.class,
      paramLabel = "NAME",
      description =
          PreferenceControl.NAMES
              + ": also run with these controls, where a method supports"
              + " them (default: none)")
  private List<PreferenceControl> controls = List.of();

  @Mixin private SeedsOption seeds = new SeedsOption();

  @Option(
      names = "--for",
      converter = MethodName.class,
      paramLabel = "METHOD=OPTIONS",
      description =
          "settings of one method, overriding the common ones, such as --for \"dpo=--learning-rate"
              + " 5e-5 --epochs 1\"")
  private Map<PreferenceMethod, String> own = new LinkedHashMap<>();

  @Option(
      names = "--learning-rates",
      split = ",",
      paramLabel = "X",
      description =
          "choose each method's --learning-rate among these: with each it learns the first four"
              + " fifths of the --train pairs, and the one with the highest"
              + " pair accuracy on the last fifth is taken; a rate that --learning-rate or --for"
              + " sets stays")
  private List<Double> rates = List.of();

  @Option(
      names = "--fit-learning-rates",
      split = ",",
      paramLabel = "X",
      description = "the same for --fit-learning-rate; with both, every combination is tried")
  private List<Double> fitRates = List.of();

  @Option(
      names = "--train",
      required = true,
      paramLabel = "N",
      description = "train on the first N pairs; the rest is for evaluation")
  private int train;

  @Option(
      names = "--test",
      paramLabel = "N",
      description = "maximum number of pairs to evaluate on (default: all after --train)")
  private int test;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      description =
          "leave out pairs of which prompt and a response have more than N tokens (default: none)")
  private int longest;

  @Mixin private OutputFolder folder = new OutputFolder();

  /** Options of one method. */
  @Command(name = "for")
  private static final class Own {
    @Mixin private PreferenceOptions options = new PreferenceOptions();
  }

  @Override
  public Outcome run(ProgressListener progress) {
    require(train >= 1, "--train must be >= 1, was %s", train);
    require(longest >= 0, "--max-length must be >= 0, was %s", longest);
    Stream.concat(rates.stream(), fitRates.stream())
        .forEach(r -> require(r > 0 && r < 1e6, "a learning rate must be > 0, was %s", r));
    Map<PreferenceMethod, PreferenceOptions> options = optionsByMethod();
    judging.question(); // checks it before anything runs
    require(!judging.any() || measuring.answers(), "--judge needs --answers of at least 1");
    Contents set = input.read();
    input.some(set, train, test);
    return input.use(
        m -> judging.use(input::open, judge -> compared(m, judge, set, options, progress)));
  }

  private Outcome compared(
      LanguageModel model,
      @Nullable Judge judge,
      Contents set,
      Map<PreferenceMethod, PreferenceOptions> options,
      ProgressListener progress) {
    List<PreferencePair> pairs = set.pairs().stream().filter(p -> fits(model, p, options)).toList();
    List<PreferencePair> learned = input.some(pairs, 0, train);
    Set<Prompt> seen = learned.stream().map(PreferencePair::prompt).collect(Collectors.toSet());
    List<PreferencePair> rest = input.some(pairs, train, test);
    List<PreferencePair> measured = rest.stream().filter(p -> !seen.contains(p.prompt())).toList();
    require(!measured.isEmpty(), "all prompts after the first %s pairs occur among these", train);
    Path out = folder.created();
    PreferenceRuns runs =
        new PreferenceRuns(learned, measured, measuring, judge, out, console().err());
    Map<String, String> chosen = chooseRates(model, options, learned, out, progress);
    List<ComparedRun> finished = runs.run(model, wanted(options), progress);
    ComparedRuns all = ComparedRuns.of(finished);
    TextOutput.write(out.resolve("table.md"), all.markdown());
    String svg = new ComparedPicture(finished).svg();
    TextOutput.write(out.resolve("figure.svg"), svg);
    List<String> protocol = new ArrayList<>(protocol(model, set, pairs, learned, measured));
    chosen.forEach(
        (method, text) -> protocol.add("Learning rate of " + method + ": " + text + "."));
    TextOutput.write(
        out.resolve("page.html"), all.page("Methods that learn from preferences", protocol, svg));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", input.model());
    json.put("input", PairsText.json(input.pairs(), set));
    json.put("left_out_as_longer", set.pairs().size() - pairs.size());
    json.put("train", learned.size());
    json.put("test", measured.size());
    json.put("learning_rates", chosen);
    json.put("judge", judging.toMap());
    json.put("test_left_out_as_prompt_is_trained_on", rest.size() - measured.size());
    json.putAll(all.toMap());
    String text =
        PairsText.of(set)
            + String.format(
                "%nlearned from %d, measured on %d, left out %d whose prompts are trained on%n%n",
                learned.size(), measured.size(), rest.size() - measured.size())
            + all.markdown()
            + "\nwritten to "
            + out;
    return Outcome.passed(json, text);
  }

  private List<String> protocol(
      LanguageModel model,
      Contents set,
      List<PreferencePair> pairs,
      List<PreferencePair> learned,
      List<PreferencePair> measured) {
    return List.of(
        "Model: " + input.model().getFileName() + ", " + model.precision() + ".",
        String.format(
            Locale.ROOT,
            "Pairs: %s, of which %,d can be used%s; learned from the first %,d, measured on %,d of"
                + " the following whose prompts are not among those.",
            input.pairs().getFileName(),
            pairs.size(),
            longest == 0
                ? ""
                : String.format(
                    Locale.ROOT,
                    " (%,d of more than %,d tokens are left out)",
                    set.pairs().size() - pairs.size(),
                    longest),
            learned.size(),
            measured.size()),
        "Pair accuracy is the share of pairs whose chosen response has the higher mean"
            + " log-probability per token; equal ones count half.",
        "Controls: swapped exchanges chosen and rejected; random fits random vectors of equal"
            + " norms, or, in methods that fit none, exchanges them in a random half of the pairs;"
            + " step-one ends after RAHF's first step.",
        "Settings are those that were given; a method's own ones must have been chosen on other"
            + " pairs than these.");
  }

  /**
   * Sets the rates of methods for which several are given.
   *
   * @return what was tried and chosen, by method
   */
  private Map<String, String> chooseRates(
      LanguageModel model,
      Map<PreferenceMethod, PreferenceOptions> options,
      List<PreferencePair> learned,
      Path out,
      ProgressListener progress) {
    if (rates.isEmpty() && fitRates.isEmpty()) {
      return Map.of();
    }
    Map<String, String> found = new LinkedHashMap<>();
    RateSearch search = null;
    for (PreferenceMethod method : List.copyOf(options.keySet())) {
      Map<String, PreferenceOptions> candidates =
          Objects.requireNonNull(options.get(method)).withRates(method, rates, fitRates);
      if (candidates.size() > 1) {
        search =
            search == null
                ? new RateSearch(learned, out.resolve("rates.jsonl"), console().err())
                : search;
        options.put(method, search.chosen(model, method, candidates, progress));
      } else {
        candidates.forEach(
            (rate, only) -> {
              options.put(method, only);
              if (!rate.isEmpty()) {
                found.put(MethodName.of(method), rate);
              }
            });
      }
    }
    if (search != null) {
      found.putAll(search.found());
    }
    return found;
  }

  /**
   * Whether a pair may be used: it is as short as was asked for and, where a method puts an
   * instruction before its prompt to measure it, has room for that, so that all runs are measured
   * on the same pairs.
   */
  private boolean fits(
      LanguageModel model, PreferencePair pair, Map<PreferenceMethod, PreferenceOptions> options) {
    if (longest > 0 && longest(model, pair.prompt(), pair) > longest) {
      return false;
    }
    PreferenceOptions hir = options.get(PreferenceMethod.HIR);
    if (hir == null || longest(model, pair.prompt(), pair) > model.longestSequence()) {
      return true;
    }
    Prompt asked =
        hir.settings(PreferenceMethod.HIR, PreferenceControl.NONE, 0, model.config().blocks(), null)
            .asked(pair.prompt());
    return longest(model, asked, pair) <= model.longestSequence();
  }

  private static int longest(LanguageModel model, Prompt prompt, PreferencePair pair) {
    return Stream.of(pair.chosen(), pair.rejected())
        .mapToInt(r -> model.tokenizer().encodeForTraining(prompt.withResponse(r)).ids().length)
        .max()
        .orElse(0);
  }

  private Map<PreferenceMethod, PreferenceOptions> optionsByMethod() {
    Map<PreferenceMethod, PreferenceOptions> all = new LinkedHashMap<>();
    methods.forEach(m -> all.put(m, options));
    own.forEach(
        (method, text) -> {
          require(all.containsKey(method), "--for %s, which is not run", MethodName.of(method));
          Own parsed = new Own();
          try {
            new CommandLine(parsed).parseArgs(text.strip().split("\\s+"));
          } catch (ParameterException e) {
            throw new IllegalArgumentException(
                "--for " + MethodName.of(method) + ": " + Reasons.of(e), e);
          }
          parsed.options.check(method);
          all.put(method, parsed.options.or(options));
        });
    return all;
  }

  /** Seeds in the outer loop, so that an interrupted comparison has complete seeds. */
  private List<WantedRun> wanted(Map<PreferenceMethod, PreferenceOptions> options) {
    List<PreferenceControl> how = new ArrayList<>(List.of(PreferenceControl.NONE));
    how.addAll(controls);
    List<WantedRun> all = new ArrayList<>();
    for (long seed : seeds.distinct()) {
      for (PreferenceMethod method : new LinkedHashSet<>(methods)) {
        for (PreferenceControl control : new LinkedHashSet<>(how)) {
          if (control.fits(method)) {
            all.add(
                new WantedRun(method, control, seed, Objects.requireNonNull(options.get(method))));
          }
        }
      }
    }
    return all;
  }
}
