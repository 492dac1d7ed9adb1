package org.alignment4j.core;

/**
 * Sets DJL's offline and opt-out properties, unless the application set them, so that nothing is
 * downloaded or reported without being asked for. Call it before DJL's first class loads.
 */
public final class DjlDefaults {
  private DjlDefaults() {}

  /** Sets what is not set; cheap, may be called often, thread-safe. */
  public static void apply() {
    absent("ai.djl.offline", "true");
    absent("OPT_OUT_TRACKING", "true");
    // The profiling executor would specialise every kernel to the first shapes it sees and
    // re-derive gradients itself; the plain interpreter is as fast here and repeatable.
    absent("ai.djl.pytorch.graph_optimizer", "false");
  }

  private static void absent(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }
}
