package org.alignment4j.adapter;

import java.nio.file.Path;
import org.alignment4j.core.Provenance;

/** What a tuning leaves behind: an immutable value that says how it was made and can be kept. */
public interface Artifact {
  /** How it was made. */
  Provenance provenance();

  /**
   * Writes it into a folder, which is made if absent.
   *
   * @throws org.alignment4j.core.CheckpointException if writing fails
   */
  void save(Path folder);
}
