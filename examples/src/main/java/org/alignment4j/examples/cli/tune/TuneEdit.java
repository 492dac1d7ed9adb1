package org.alignment4j.examples.cli.tune;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.BenignFile;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.HarmfulFile;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.OutputFolder;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.steering.AlphaSteer;
import org.alignment4j.steering.DirectionalAblation;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Edits of the residual stream that are fitted without training. */
@Command(
    name = "edit",
    description = {
      "Fits an edit of the residual stream to the hidden states of prompts at one layer, and writes"
          + " it to --out as an adapter."
    })
final class TuneEdit extends AlignCommand {
  private static final int MAX_TOKENS = 32;

  /** What is fitted. */
  enum Method {
    /** Directional ablation of the refusal direction. */
    ABLATION,
    /** Ablation of the false-refusal direction, orthogonal to the true one. */
    FALSE_REFUSAL,
    /** Refusal of harmful prompts, nothing changed for benign ones. */
    ALPHASTEER
  }

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--method",
      required = true,
      paramLabel = "NAME",
      description = "${COMPLETION-CANDIDATES}")
  private Method method = Method.ABLATION;

  @Mixin private HarmfulFile harmful = new HarmfulFile();

  @Mixin private BenignFile benign = new BenignFile();

  @Option(
      names = "--pseudo-harmful",
      paramLabel = "FILE",
      description =
          "prompts to be answered that look harmful; false_refusal needs them, and uses those that"
              + " the model refuses")
  @CheckedPath(CheckedPath.Kind.FILE)
  private @Nullable Path pseudoHarmful;

  @Option(
      names = "--layer",
      required = true,
      paramLabel = "L",
      description = "the layer whose hidden states are read, from 1")
  private int layer;

  @Option(
      names = "--lambda",
      paramLabel = "X",
      defaultValue = "1",
      description =
          "false_refusal: share of the true refusal direction that is taken out, 0 to 1 (default:"
              + " ${DEFAULT-VALUE})")
  private double lambda;

  @Option(
      names = "--strength",
      paramLabel = "X",
      defaultValue = "1",
      description = "alphasteer: how much of the direction is added (default: ${DEFAULT-VALUE})")
  private double strength;

  @Mixin private OutputFolder out = new OutputFolder();

  @Override
  public Outcome run(ProgressListener progress) {
    List<Prompt> bad = PromptFile.read(harmful.get());
    List<Prompt> good = PromptFile.read(benign.get());
    List<Prompt> pseudo = pseudoHarmful == null ? List.of() : PromptFile.read(pseudoHarmful);
    GatedEdit edit = model.use(m -> fit(m, bad, good, pseudo));
    edit.save(out.get());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("adapter", out.get().toString());
    json.put("method", method.name().toLowerCase(Locale.ROOT));
    json.put("layer", layer);
    json.put("changes", edit.changes().size());
    json.put("metrics", edit.provenance().metrics());
    return Outcome.passed(
        json, out.get() + ": " + edit.provenance().method() + " of " + new Layer(layer));
  }

  private GatedEdit fit(LanguageModel m, List<Prompt> bad, List<Prompt> good, List<Prompt> pseudo) {
    int blocks = m.config().blocks();
    if (layer < 1 || layer > blocks) {
      throw new AlignmentException("--layer " + layer + ": the model has layers 1 to " + blocks);
    }
    Layer at = new Layer(layer);
    float[][] badStates = states(m, bad, at);
    float[][] goodStates = states(m, good, at);
    float[] refusal = DirectionalAblation.difference(badStates, goodStates);
    Map<String, String> inputs = Map.of("model", m.hash());
    return switch (method) {
      case ABLATION -> DirectionalAblation.of(refusal, blocks, inputs);
      case FALSE_REFUSAL -> {
        List<Prompt> refused = refused(m, pseudo);
        if (refused.isEmpty()) {
          throw new AlignmentException(
              "false_refusal needs --pseudo-harmful prompts that the model refuses; it refuses none"
                  + " of "
                  + pseudo.size());
        }
        float[] vector = DirectionalAblation.difference(states(m, refused, at), goodStates);
        yield DirectionalAblation.of(
            DirectionalAblation.orthogonalised(vector, refusal, lambda), blocks, inputs);
      }
      case ALPHASTEER -> {
        AlphaSteer.Settings defaults = AlphaSteer.Settings.DEFAULT;
        yield AlphaSteer.fit(
            new TreeMap<>(Map.of(at, goodStates)),
            Map.of(at, badStates),
            Map.of(at, refusal),
            new AlphaSteer.Settings(
                defaults.nullShare(), defaults.ridge(), strength, defaults.form()),
            inputs);
      }
    };
  }

  private static float[][] states(LanguageModel m, List<Prompt> prompts, Layer at) {
    return m.capture(prompts, Capture.lastPrompt(at)).at(at);
  }

  private static List<Prompt> refused(LanguageModel m, List<Prompt> prompts) {
    if (prompts.isEmpty()) {
      return prompts;
    }
    List<Completion> answers = m.generate(prompts, Generation.greedy(MAX_TOKENS));
    StringRefusalJudge judge = new StringRefusalJudge();
    return IntStream.range(0, prompts.size())
        .filter(
            i ->
                judge.judge(prompts.get(i).last().text(), answers.get(i).text())
                    == RefusalVerdict.FULL_REFUSAL)
        .mapToObj(prompts::get)
        .toList();
  }
}
