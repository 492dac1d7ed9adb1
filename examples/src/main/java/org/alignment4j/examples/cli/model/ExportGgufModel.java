package org.alignment4j.examples.cli.model;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.ModelOption;
import org.alignment4j.examples.cli.option.OutputGguf;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.LanguageModel.GgufWeights;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A whole model for llama.cpp. */
@Command(
    name = "gguf-model",
    description = {
      "Writes a model, with a LoRA or a tuned block merged in, as one GGUF file for llama.cpp and"
          + " Ollama. Of a GGUF model, metadata and unchanged tensors are copied as they are."
    })
final class ExportGgufModel extends AlignCommand {
  @Mixin private ModelOption model = new ModelOption();

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "folder of a LoRA or a tuned block to merge")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private @Nullable Path adapter;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      defaultValue = "F16",
      description =
          "how matrices are stored, of a GGUF model those that change: ${COMPLETION-CANDIDATES}"
              + " (default: ${DEFAULT-VALUE})")
  private GgufWeights type = GgufWeights.F16;

  @Mixin private OutputGguf out = new OutputGguf();

  @Override
  public Outcome run(ProgressListener progress) {
    Adapter found = adapter == null ? null : Adapter.load(adapter);
    if (found != null && !(found instanceof LoraAdapter) && !(found instanceof TunedBlock)) {
      throw new AlignmentException(
          adapter + " holds a " + ExportCommand.kind(found) + ", which does not change weights");
    }
    List<String> notes = LanguageModel.writeGguf(model.get(), found, type, out.get());
    String kind = found == null ? "model" : "model with a " + ExportCommand.kind(found);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", kind);
    json.put("type", type.toString());
    json.put("out", out.get().toString());
    json.put("notes", notes);
    StringBuilder text = new StringBuilder(out.get() + ": " + kind);
    notes.forEach(note -> text.append(System.lineSeparator()).append("note: ").append(note));
    return Outcome.passed(json, text.toString());
  }
}
