package org.alignment4j.examples.cli.read;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.CapturedRows;
import org.alignment4j.examples.cli.input.PromptBatches;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.LayerList;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.SystemOption;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Reads hidden states of prompts and writes them to a file. */
@Command(
    name = "capture",
    description = {
      "Reads hidden states of templated prompts and writes them as labelled rows: layer_L [N, D]"
          + " float32 for each layer L, sequence [N] (row of the prompt file, from 0) and position"
          + " [N] (token of that prompt, from 0), both int64.",
      "Layers are numbered as in Hugging Face's hidden_states: 0 embeddings, l = output of block l,"
          + " without the final norm."
    })
public final class CaptureCommand extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--prompts",
      required = true,
      paramLabel = "FILE",
      description = "prompts: JSON Lines, CSV of a known set, or text, one per line")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path prompts = Path.of("");

  @Option(
      names = "--layers",
      required = true,
      paramLabel = "LIST",
      converter = LayerList.Converter.class,
      description = "layers such as 4 or 1,3-5, or all")
  private LayerList layers = LayerList.ALL;

  @Option(
      names = "--positions",
      paramLabel = "WHERE",
      defaultValue = "last",
      converter = PositionsConverter.class,
      description = {
        "last: the last prompt token; all: every prompt token; response: the tokens of the"
            + " model's own greedy response; FROM:TO: prompt tokens, from 0 or, negative, from"
            + " the end, TO"
            + " not included, either may be left out (default: ${DEFAULT-VALUE})"
      })
  private TokenPositions positions = TokenPositions.lastPrompt();

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description =
          "maximum number of tokens of a response, for --positions response (default:"
              + " ${DEFAULT-VALUE})")
  private int maxTokens;

  @Mixin private SystemOption system = new SystemOption();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "file to write, .npz or .safetensors")
  @CheckedPath(CheckedPath.Kind.NEW_FILE)
  private Path out = Path.of("");

  @Override
  public Outcome run(ProgressListener progress) {
    CaptureFile file = CaptureFile.of(out);
    List<PromptRow> rows = Prompts.read(prompts);
    return model.use(
        m -> {
          List<Layer> wanted = layers.of(m.config().blocks());
          List<CapturedRows> captured = capture(m, rows, wanted, progress);
          return write(m, file, rows, wanted, captured);
        });
  }

  private List<CapturedRows> capture(
      LanguageModel m, List<PromptRow> rows, List<Layer> wanted, ProgressListener progress) {
    PromptBatches batches = new PromptBatches(m, rows, system.message());
    List<Encoded> sequences =
        positions instanceof TokenPositions.Response
            ? batches.answered(Generation.greedy(maxTokens), progress)
            : batches.prompts();
    return batches.capture(sequences, new Capture(wanted, positions), progress);
  }

  private Outcome write(
      LanguageModel m,
      CaptureFile file,
      List<PromptRow> rows,
      List<Layer> wanted,
      List<CapturedRows> captured) {
    List<Long> sequence = new ArrayList<>();
    List<Long> position = new ArrayList<>();
    Map<Layer, List<float[]>> values = new LinkedHashMap<>();
    for (int i = 0; i < captured.size(); i++) {
      for (int p : captured.get(i).positions()) {
        sequence.add((long) i);
        position.add((long) p);
      }
      captured
          .get(i)
          .values()
          .forEach(
              (layer, own) -> values.computeIfAbsent(layer, l -> new ArrayList<>()).addAll(own));
    }
    require(!sequence.isEmpty(), "no prompt has a token at these positions");
    int width = m.config().width();
    file.write(
        values,
        sequence.stream().mapToLong(Long::longValue).toArray(),
        position.stream().mapToLong(Long::longValue).toArray(),
        rows.stream().map(PromptRow::id).toList());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model.path().toString());
    json.put("file", out.toString());
    json.put("prompts", rows.size());
    json.put("rows", sequence.size());
    json.put("width", width);
    json.put("layers", wanted.stream().map(Layer::index).toList());
    return Outcome.passed(
        json,
        String.format(
            Locale.ROOT,
            "%s: %d rows of %d numbers from %d prompts at %d layers",
            out,
            sequence.size(),
            width,
            rows.size(),
            wanted.size()));
  }
}
