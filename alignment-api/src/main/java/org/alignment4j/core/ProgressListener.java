package org.alignment4j.core;

import java.util.Map;

/**
 * Receives the progress of long work. Called on the working thread, so it should return quickly; an
 * exception that it throws ends the work. To cancel, interrupt the working thread.
 */
@FunctionalInterface
public interface ProgressListener {
  /** A listener that does nothing. */
  ProgressListener NONE = progress -> {};

  /** Called after each step of the work. */
  void onProgress(Progress progress);

  /**
   * One progress report.
   *
   * @param task the current task, e.g. "tune layer 4"
   * @param done steps finished, 0 to {@code total}
   * @param total the total number of steps, or 0 if not known
   * @param metrics figures of this step by name, e.g. "loss"; may be empty
   */
  record Progress(String task, long done, long total, Map<String, Double> metrics) {
    /** Copies the metrics. */
    public Progress {
      metrics = Map.copyOf(metrics);
    }
  }

  /** Reports a step without metrics. */
  default void step(String task, long done, long total) {
    onProgress(new Progress(task, done, total, Map.of()));
  }
}
