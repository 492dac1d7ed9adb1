package org.alignment4j.adapter;

import java.nio.file.Path;

/** An immutable change to a model, kept apart from it; {@code model.with} applies it. */
public sealed interface Adapter extends Artifact
    permits TunedBlock, LoraAdapter, SoftPrompt, ControlVector, GatedEdit {
  /**
   * Loads an adapter of any type, identified by its files: a tuned block's {@code
   * tuned_block.safetensors}, PEFT's {@code adapter_config.json} of a LoRA or of prompt tuning,
   * {@code gated_edit.safetensors}, or a control vector's {@code *.gguf}.
   *
   * @throws org.alignment4j.core.CheckpointException if the folder holds none of these or several
   *     types, or the files are damaged
   * @throws org.alignment4j.core.UnsupportedArchitectureException for any other PEFT type
   */
  static Adapter load(Path folder) {
    return AdapterFolder.load(folder);
  }
}
