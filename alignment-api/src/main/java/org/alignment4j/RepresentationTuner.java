package org.alignment4j;

import org.alignment4j.adapter.Artifact;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;

/**
 * Tunes a model on its representations: turns a model and data into an adapter or embeddings. The
 * model is not changed. Implementations are immutable; the same model, data and seed give the same
 * result.
 *
 * @param <D> the data that the method needs
 * @param <A> the artifact that it learns
 */
public interface RepresentationTuner<D, A extends Artifact> {
  /**
   * Runs the tuning. Only one tuning can run in a process at a time; interrupt the thread to cancel
   * it.
   *
   * @throws IllegalArgumentException if there are no data, or none of a class that the method needs
   * @throws org.alignment4j.core.BadDataException if none of the data can be used for training
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  Tuning<A> tune(LanguageModel model, D data, ProgressListener progress);
}
