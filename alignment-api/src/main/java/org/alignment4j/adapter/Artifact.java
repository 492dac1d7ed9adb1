package org.alignment4j.adapter;

import java.nio.file.Path;
import org.alignment4j.core.Provenance;

/** The result of tuning: an immutable value that records its provenance and can be saved. */
public interface Artifact {
  /** The record of how it was made. */
  Provenance provenance();

  /**
   * Saves it into a folder, which is created if absent.
   *
   * @throws org.alignment4j.core.CheckpointException if writing fails
   */
  void save(Path folder);
}
