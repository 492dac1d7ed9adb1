package org.alignment4j.data.synthesis;

import org.alignment4j.data.request.RequestStore;
import org.jspecify.annotations.Nullable;

/**
 * A run with its stages and an open request ledger.
 *
 * @param run the run's settings
 * @param store the store opened for the run and closed with it; null if the caller's ledger is used
 */
record OpenRun(SaferInstruct run, SynthesisStages stages, @Nullable RequestStore store)
    implements AutoCloseable {
  @Override
  public void close() {
    if (store != null) {
      store.close();
    }
  }
}
