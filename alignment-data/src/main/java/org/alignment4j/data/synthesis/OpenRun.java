package org.alignment4j.data.synthesis;

import org.alignment4j.data.request.RequestStore;
import org.jspecify.annotations.Nullable;

/**
 * A run with its stages, over requests that are open.
 *
 * @param run its settings
 * @param store that was opened for the run and is closed with it; null if the caller's is used
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
