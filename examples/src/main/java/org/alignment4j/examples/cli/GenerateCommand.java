package org.alignment4j.examples.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.PromptRow;
import org.alignment4j.data.Prompts;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Answers prompts greedily. */
@Command(name = "generate", description = "Answers prompts greedily, with the chat template.")
final class GenerateCommand extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Source source = new Source();

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "system message put before each prompt")
  private @Nullable String system;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "most new tokens of an answer (default: ${DEFAULT-VALUE})")
  private int maxTokens;

  private static final class Source {
    @Option(names = "--prompt", paramLabel = "TEXT", description = "one prompt")
    private @Nullable String prompt;

    @Option(
        names = "--file",
        paramLabel = "FILE",
        description = "prompts: JSON Lines, CSV of a known set, or text, one a line")
    private @Nullable Path file;

    List<PromptRow> rows() {
      return prompt != null
          ? List.of(PromptRow.of("0", prompt))
          : Prompts.read(java.util.Objects.requireNonNull(file));
    }
  }

  @Override
  Outcome run(ProgressListener progress) {
    Generation settings = Generation.greedy(maxTokens);
    List<PromptRow> rows = source.rows();
    long start = System.nanoTime();
    List<Completion> answers =
        model.use(m -> new PromptBatches(m, rows, system).generate(settings, progress));
    return outcome(rows, answers, (System.nanoTime() - start) / 1e9);
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
      completions.add(completion);
      if (source.file != null) {
        text.append(i == 0 ? "" : "\n\n").append("# ").append(rows.get(i).id()).append('\n');
      }
      text.append(answer.text());
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("model", model.folder().toString());
    json.put("adapter", model.adapter() == null ? null : model.adapter().toString());
    json.put("system", system);
    json.put("completions", completions);
    json.put("seconds", seconds);
    return Outcome.passed(json, text.toString());
  }
}
