package org.alignment4j.examples.cli.model;

import java.nio.file.Path;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.ModelOption;
import org.alignment4j.examples.cli.option.OutputGguf;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A LoRA for llama.cpp. */
@Command(
    name = "gguf-lora",
    description =
        "Writes a LoRA as the GGUF file that llama.cpp (--lora) and Ollama (ADAPTER) load beside its"
            + " base.")
final class ExportGgufLora extends AlignCommand {
  @Mixin private ModelOption model = new ModelOption();

  @Option(
      names = "--adapter",
      required = true,
      paramLabel = "DIR",
      description = "folder of a LoRA")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private Path adapter = Path.of("");

  @Mixin private OutputGguf out = new OutputGguf();

  @Override
  public Outcome run(ProgressListener progress) {
    Adapter found = Adapter.load(adapter);
    if (!(found instanceof LoraAdapter lora)) {
      throw new AlignmentException(
          adapter + " holds a " + ExportCommand.kind(found) + "; a LoRA is needed here");
    }
    lora.writeGguf(model.get(), out.get());
    return ExportCommand.written("LoRA", out.get());
  }
}
