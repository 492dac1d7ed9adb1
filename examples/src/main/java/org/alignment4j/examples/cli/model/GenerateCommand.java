package org.alignment4j.examples.cli.model;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.PromptBatches;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.PromptOptions;
import org.alignment4j.examples.cli.option.SamplingOptions;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Generates responses to prompts. */
@Command(name = "generate", description = "Generates responses to prompts, with the chat template.")
public final class GenerateCommand extends AlignCommand {
  @Spec private @Nullable CommandSpec spec;
  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private PromptOptions prompts = new PromptOptions();

  @Mixin private SamplingOptions sampling = new SamplingOptions(128);

  @Option(names = "--stream", description = "print the response word by word; with --prompt")
  private boolean stream;

  @Option(names = "--logprobs", description = "add the tokens' log-probabilities to the JSON")
  private boolean logProbabilities;

  @Override
  public void checkUsage() {
    if (stream && prompts.isFile()) {
      throw new ParameterException(
          java.util.Objects.requireNonNull(spec).commandLine(),
          "--stream prints one response: give --prompt, not --file");
    }
  }

  @Override
  public Outcome run(ProgressListener progress) {
    Generation settings = sampling.settings().logProbabilities(logProbabilities).build();
    List<PromptRow> rows = prompts.rows();
    long start = System.nanoTime();
    List<Completion> answers =
        model.use(
            m -> {
              PromptBatches batches = new PromptBatches(m, rows, prompts.system());
              return stream ? streamed(batches, settings) : batches.generate(settings, progress);
            });
    return outcome(rows, answers, (System.nanoTime() - start) / 1e9);
  }

  private List<Completion> streamed(PromptBatches batches, Generation settings) {
    PrintStream to = common().jsonOnStandardOutput() ? console().err() : console().out();
    List<Completion> answers =
        batches.stream(
            settings,
            token -> {
              to.print(token.text());
              to.flush();
            });
    to.println();
    return answers;
  }

  private Outcome outcome(List<PromptRow> rows, List<Completion> answers, double seconds) {
    List<Map<String, Object>> completions = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < rows.size(); i++) {
      Completion answer = answers.get(i);
      Map<String, Object> completion = new LinkedHashMap<>();
      completion.put("id", rows.get(i).id());
      completion.put("prompt", rows.get(i).prompt());
      completion.put("text", answer.text());
      completion.put("tokens", answer.ids().length);
      completion.put("ended", answer.ended());
      completion.put("finish", answer.finish().name().toLowerCase(Locale.ROOT));
      if (logProbabilities) {
        completion.put("ids", Arrays.stream(answer.ids()).boxed().toList());
        completion.put("logprobs", list(answer.logProbabilities()));
      }
      completions.add(completion);
      if (prompts.isFile()) {
        text.append(i == 0 ? "" : "\n\n").append("# ").append(rows.get(i).id()).append('\n');
      }
      text.append(answer.text());
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("model", model.path().toString());
    json.put("adapter", model.adapter() == null ? null : model.adapter().toString());
    json.put("system", prompts.system());
    json.put("sampling", sampling.json());
    json.put("completions", completions);
    json.put("seconds", seconds);
    return Outcome.passed(json, stream ? "" : text.toString());
  }

  private static List<Float> list(float[] values) {
    List<Float> list = new ArrayList<>();
    for (float v : values) {
      list.add(v);
    }
    return list;
  }
}
