package org.alignment4j.examples.cli.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.SoftPrompt;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.LocatedModel;
import org.alignment4j.examples.cli.option.OutputFolder;
import org.alignment4j.examples.cli.option.OutputGguf;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Exports adapters for other programs. */
@Command(
    name = "export",
    description = "Writes adapters and models in formats that other programs read.",
    mixinStandardHelpOptions = true,
    subcommands = {
      ExportCommand.Peft.class,
      ExportCommand.Gguf.class,
      ExportCommand.Merged.class,
      ExportGgufModel.class,
      ExportGgufLora.class
    })
public final class ExportCommand {

  /** Hugging Face PEFT. */
  @Command(
      name = "peft",
      description = "Writes a LoRA or a soft prompt as a folder that Python's PEFT loads.")
  static final class Peft extends AlignCommand {
    @Option(
        names = "--adapter",
        required = true,
        paramLabel = "DIR",
        description = "folder of a LoRA or a soft prompt")
    @CheckedPath(CheckedPath.Kind.FOLDER)
    private Path adapter = Path.of("");

    @Option(
        names = "--base",
        paramLabel = "NAME",
        description = "name or folder of the base model, for PEFT's base_model_name_or_path")
    private @Nullable String base;

    @Mixin private OutputFolder out = new OutputFolder();

    @Override
    public Outcome run(ProgressListener progress) {
      Adapter found = Adapter.load(adapter);
      Adapter named;
      if (found instanceof LoraAdapter l) {
        named = new LoraAdapter(l.rank(), l.alpha(), l.targets(), named(l.provenance()));
      } else if (found instanceof SoftPrompt s) {
        named = new SoftPrompt(s.tokens(), s.width(), s.values(), named(s.provenance()));
      } else {
        throw new AlignmentException(
            adapter + " holds a " + kind(found) + "; PEFT knows LoRAs and soft prompts");
      }
      named.save(out.get());
      return written(kind(found), out.get());
    }

    private Provenance named(Provenance p) {
      if (base == null) {
        return p;
      }
      Map<String, @Nullable Object> settings = new LinkedHashMap<>(p.settings());
      settings.put("base_model_name_or_path", base);
      return new Provenance(p.method(), settings, p.seed(), p.inputs(), p.metrics());
    }
  }

  /** llama.cpp and repeng. */
  @Command(
      name = "gguf",
      description = "Writes a control vector as the GGUF file that llama.cpp and repeng read.")
  static final class Gguf extends AlignCommand {
    @Option(
        names = "--adapter",
        required = true,
        paramLabel = "PATH",
        description = "a control vector: folder, or FILE.gguf")
    @CheckedPath(CheckedPath.Kind.FILE_OR_FOLDER)
    private Path adapter = Path.of("");

    @Option(
        names = "--hint",
        paramLabel = "NAME",
        defaultValue = "llama",
        description = "the architecture's name in llama.cpp (default: ${DEFAULT-VALUE})")
    private String hint = "";

    @Mixin private OutputGguf out = new OutputGguf();

    @Override
    public Outcome run(ProgressListener progress) {
      Adapter found =
          Files.isDirectory(adapter) ? Adapter.load(adapter) : ControlVector.readGguf(adapter);
      if (!(found instanceof ControlVector vector)) {
        throw new AlignmentException(
            adapter + " holds a " + kind(found) + "; only a control vector is written as GGUF");
      }
      vector.writeGguf(out.get(), hint);
      return written(kind(found), out.get());
    }
  }

  /** A full checkpoint. */
  @Command(
      name = "merged",
      description = {
        "Writes a full checkpoint with a LoRA, a tuned block or a gated edit merged in, in the base's storage"
            + " types and shards, that Python's transformers loads."
      })
  static final class Merged extends AlignCommand {
    @Option(
        names = "--model",
        required = true,
        paramLabel = "DIR",
        description = "Hugging Face checkpoint folder or GGUF file of the base",
        converter = LocatedModel.class)
    @CheckedPath(CheckedPath.Kind.MODEL)
    private Path model = Path.of("");

    @Option(
        names = "--adapter",
        required = true,
        paramLabel = "DIR",
        description = "folder of a LoRA, a tuned block or a gated edit")
    @CheckedPath(CheckedPath.Kind.FOLDER)
    private Path adapter = Path.of("");

    @Mixin private OutputFolder out = new OutputFolder();

    @Override
    public Outcome run(ProgressListener progress) {
      Adapter found = Adapter.load(adapter);
      if (found instanceof LoraAdapter lora) {
        lora.merge(model, out.get());
      } else if (found instanceof TunedBlock block) {
        block.merge(model, out.get());
      } else if (found instanceof GatedEdit edit) {
        merge(edit);
      } else {
        throw new AlignmentException(
            adapter + " holds a " + kind(found) + ", which does not change weights");
      }
      return written("checkpoint with a " + kind(found), out.get());
    }

    private void merge(GatedEdit edit) {
      try {
        edit.merge(model, out.get());
      } catch (IllegalArgumentException e) {
        throw new AlignmentException(adapter + ": " + e.getMessage(), e);
      }
    }
  }

  static String kind(Adapter adapter) {
    if (adapter instanceof LoraAdapter) {
      return "LoRA";
    } else if (adapter instanceof SoftPrompt) {
      return "soft prompt";
    } else if (adapter instanceof GatedEdit) {
      return "gated edit";
    }
    return adapter instanceof TunedBlock ? "tuned block" : "control vector";
  }

  static Outcome written(String kind, Path out) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", kind);
    json.put("out", out.toString());
    return Outcome.passed(json, out + ": " + kind);
  }
}
