package org.alignment4j.examples.cli.read;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.evaluation.TextHealth;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.PromptBatches;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.LayerList;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.NewTokens;
import org.alignment4j.examples.cli.option.PromptOptions;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Generates responses with and without a control vector. */
@Command(
    name = "steer",
    description = {
      "Generates greedy responses, once without steering and once for each coefficient, with"
          + " the coefficient times a control vector added to every token's residual stream.",
      "Directions at several layers add up: with n layers start at 1/n of the coefficient for"
          + " one. A vector of 'align read' in its default length has the norm of the residual"
          + " stream, so that a coefficient of 1 in every layer ruins the text."
    })
public final class SteerCommand extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--vector",
      required = true,
      paramLabel = "PATH",
      description = "a control vector: FILE.gguf, or a folder written by 'align read'")
  @CheckedPath(CheckedPath.Kind.FILE_OR_FOLDER)
  private Path vector = Path.of("");

  @Option(
      names = "--coefficient",
      split = ",",
      paramLabel = "C",
      description =
          "multiple of the vector that is added at each layer; negative for the opposite;"
              + " several as C,C (default: 1/n for n layers)")
  private List<Double> coefficients = List.of();

  @Option(
      names = "--layers",
      paramLabel = "LIST",
      defaultValue = "all",
      converter = LayerList.Converter.class,
      description = "layers of the vector that are used (default: ${DEFAULT-VALUE})")
  private LayerList layers = LayerList.ALL;

  @Mixin private PromptOptions prompts = new PromptOptions();

  @Mixin private NewTokens tokens = new NewTokens(64);

  @Override
  public Outcome run(ProgressListener progress) {
    Generation settings = Generation.greedy(tokens.max());
    List<PromptRow> rows = prompts.rows();
    ControlVector read =
        Files.isDirectory(vector) ? ControlVector.load(vector) : ControlVector.readGguf(vector);
    return model.use(
        m -> {
          ControlVector used =
              layers.ranges().isEmpty() ? read : read.restrictedTo(layers.of(m.config().blocks()));
          int n = used.directions().size();
          require(n > 0, "no layer of %s is used", vector);
          List<Double> times = coefficients.isEmpty() ? List.of(1.0 / n) : coefficients;
          List<LanguageModel> steered = times.stream().map(c -> m.with(used, c)).toList();
          List<Completion> without =
              new PromptBatches(m, rows, prompts.system()).generate(settings, progress);
          List<List<Completion>> with = new ArrayList<>();
          for (LanguageModel s : steered) {
            with.add(new PromptBatches(s, rows, prompts.system()).generate(settings, progress));
          }
          return outcome(used, times, rows, without, with);
        });
  }

  private Outcome outcome(
      ControlVector used,
      List<Double> times,
      List<PromptRow> rows,
      List<Completion> without,
      List<List<Completion>> with) {
    List<Map<String, Object>> answers = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < rows.size(); i++) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("id", rows.get(i).id());
      answer.put("prompt", rows.get(i).prompt());
      answer.put("without", without.get(i).text());
      text.append(i == 0 ? "" : "\n").append("# ").append(rows.get(i).prompt()).append('\n');
      text.append("without: ").append(without.get(i).text()).append('\n');
      List<Map<String, Object>> steered = new ArrayList<>();
      for (int c = 0; c < with.size(); c++) {
        Completion own = with.get(c).get(i);
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("coefficient", times.get(c));
        one.put("text", own.text());
        one.put("tokens", own.ids().length);
        one.put("ended", own.ended());
        steered.add(one);
        text.append(times.get(c)).append(": ").append(own.text()).append('\n');
      }
      answer.put("steered", steered);
      answers.add(answer);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model.path().toString());
    json.put("vector", vector.toString());
    json.put("layers", used.directions().keySet().stream().map(Layer::index).toList());
    json.put("answers", answers);
    List<String> warnings = warnings(used, times, without, with);
    json.put("warnings", warnings);
    warnings.forEach(w -> text.append("WARNING: ").append(w).append('\n'));
    return Outcome.passed(json, text.toString().stripTrailing());
  }

  /** Returns warnings about coefficients that are likely to have ruined the text. */
  private static List<String> warnings(
      ControlVector used,
      List<Double> times,
      List<Completion> without,
      List<List<Completion>> with) {
    List<String> warnings = new ArrayList<>();
    int n = used.directions().size();
    boolean norms = "residual_norm".equals(used.provenance().settings().get("scale"));
    for (int c = 0; c < times.size(); c++) {
      double all = Math.abs(times.get(c)) * n;
      // A little more than one norm, so that a rounded 1/n gives no warning.
      if (norms && n > 1 && all > 1.2) {
        warnings.add(
            String.format(
                Locale.ROOT,
                "a coefficient of %s in each of %d layers adds up to %.1f residual norms, which"
                    + " usually ruins the text; start at 1/%d, %.3g",
                times.get(c),
                n,
                all,
                n,
                1.0 / n));
      }
      long ruined = repetitive(with.get(c));
      if (ruined > repetitive(without)) {
        warnings.add(
            String.format(
                Locale.ROOT,
                "with a coefficient of %s, %d of %d responses are empty or repetitive, without"
                    + " it %d",
                times.get(c),
                ruined,
                without.size(),
                repetitive(without)));
      }
    }
    return warnings;
  }

  private static long repetitive(List<Completion> answers) {
    TextHealth health = TextHealth.of(answers.stream().map(Completion::text).toList());
    return health.empty().k() + health.repetitive().k();
  }
}
