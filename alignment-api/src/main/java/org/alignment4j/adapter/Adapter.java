package org.alignment4j.adapter;

import java.nio.file.Path;
import org.alignment4j.core.Provenance;

/** What tuning leaves behind: an immutable change to a model, kept apart from it. */
public sealed interface Adapter permits TunedBlock, LoraAdapter, SoftPrompt, ControlVector {
  /** How it was made. */
  Provenance provenance();

  /**
   * Writes the adapter into a folder, which is made if absent.
   *
   * @throws org.alignment4j.core.CheckpointException if writing fails
   */
  void save(Path folder);
}
