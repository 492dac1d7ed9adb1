package org.alignment4j.examples.cli.option;

import static org.alignment4j.internal.text.Arguments.require;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Option for the number of threads of the native engine. */
public final class ThreadOptions {
  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "threads of the native engine (default: OMP_NUM_THREADS, or one per core)")
  private @Nullable Integer threads;

  /**
   * Sets the number of threads; call before the engine's first use in this process, which reads it
   * once. The script also sets OMP_NUM_THREADS, for libraries that are loaded earlier.
   *
   * @return the number of threads
   */
  public int apply() {
    if (threads == null) {
      return fallback();
    }
    require(threads >= 1, "--threads must be >= 1, was %s", threads);
    System.setProperty("ai.djl.pytorch.num_threads", threads.toString());
    return threads;
  }

  private static int fallback() {
    String omp = System.getenv("OMP_NUM_THREADS");
    return omp != null && omp.matches("[1-9][0-9]{0,3}")
        ? Integer.parseInt(omp)
        : Runtime.getRuntime().availableProcessors();
  }
}
