package org.alignment4j.core;

import org.jspecify.annotations.Nullable;

/**
 * Keeps DJL from using the network behind the application's back: no downloads, no usage reports.
 *
 * <p>{@link #apply()} must run before DJL's first class loads, which is why every entrance to the
 * native engine calls it. A choice the application made itself, by environment variable or system
 * property, stands.
 */
public final class DjlDefaults {
  private DjlDefaults() {}

  /**
   * Sets {@code ai.djl.offline} and {@code OPT_OUT_TRACKING} to {@code true} unless the application
   * has set them. Cheap, idempotent and thread-safe.
   */
  public static void apply() {
    boolean offlineChosen =
        isSet(System.getenv("DJL_OFFLINE"))
            || isSet(System.getProperty("ai.djl.offline"))
            || isSet(System.getProperty("offline"));
    if (!offlineChosen) {
      System.setProperty("ai.djl.offline", "true");
    }
    boolean trackingChosen =
        isSet(System.getenv("OPT_OUT_TRACKING")) || isSet(System.getProperty("OPT_OUT_TRACKING"));
    if (!trackingChosen) {
      System.setProperty("OPT_OUT_TRACKING", "true");
    }
    // The profiling executor would specialise every kernel to the first shapes it sees and derive
    // gradients itself; the plain interpreter is as fast here and repeatable.
    if (System.getProperty("ai.djl.pytorch.graph_optimizer") == null) {
      System.setProperty("ai.djl.pytorch.graph_optimizer", "false");
    }
  }

  private static boolean isSet(@Nullable String value) {
    return value != null;
  }
}
