package org.alignment4j;

import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;

/**
 * Tunes a model on its representations: anything that turns a model and data into an adapter. The
 * model is not changed.
 *
 * @param <D> the data a method needs
 * @param <T> what it gives
 */
public interface RepresentationTuner<D, T extends Tuning> {
  /**
   * Runs the tuning. One at a time per process; cancel by interrupting the thread.
   *
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  T tune(LanguageModel model, D data, ProgressListener progress);
}
