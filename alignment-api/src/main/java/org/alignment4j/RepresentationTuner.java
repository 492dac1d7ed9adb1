package org.alignment4j;

import org.alignment4j.adapter.Artifact;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;

/**
 * Tunes a model on its representations: anything that turns a model and data into an adapter, or
 * into embeddings. The model is not changed. Implementations are immutable; with the same model,
 * data and seed they learn the same.
 *
 * @param <D> the data a method needs
 * @param <A> what it learns
 */
public interface RepresentationTuner<D, A extends Artifact> {
  /**
   * Runs the tuning. One at a time per process; cancel by interrupting the thread.
   *
   * @throws IllegalArgumentException if there are no data, or none of a kind that is needed
   * @throws org.alignment4j.core.BadDataException if nothing of the data can be learned from
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  Tuning<A> tune(LanguageModel model, D data, ProgressListener progress);
}
