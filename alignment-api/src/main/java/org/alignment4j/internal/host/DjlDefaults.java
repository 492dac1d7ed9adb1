package org.alignment4j.internal.host;

import java.util.List;
import org.alignment4j.core.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * Prevents DJL from using the network without the application's knowledge (downloads, usage
 * reports) and from loading native libraries that another user of the machine could have written.
 *
 * <p>{@link #apply()} must run before DJL's first class loads, so every entry point to the native
 * engine calls it. A choice of the application, by environment variable or system property, takes
 * precedence.
 */
public final class DjlDefaults {
  /** The settings by which an application chooses the libraries that DJL loads. */
  private static final List<String> CHOSEN_LIBRARIES =
      List.of(
          "PYTORCH_LIBRARY_PATH",
          "PYTORCH_EXTRA_LIBRARY_PATH",
          "RUST_LIBRARY_PATH",
          "LIBSTDCXX_LIBRARY_PATH");

  private DjlDefaults() {}

  /**
   * Sets {@code ai.djl.offline} and {@code OPT_OUT_TRACKING} to {@code true}, and {@code
   * ENGINE_CACHE_DIR} and {@code jna.tmpdir} to folders of {@link NativeFolder}, unless the
   * application has set them, and makes the {@link NativeSettings}. Cheap, idempotent and
   * thread-safe.
   *
   * @throws EngineException if other users can write to the folder of the native libraries, or no
   *     folder can be created
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
    // The profiling executor would specialise every kernel to the first shapes and derive gradients
    // itself; the plain interpreter is as fast here and reproducible.
    if (System.getProperty("ai.djl.pytorch.graph_optimizer") == null) {
      System.setProperty("ai.djl.pytorch.graph_optimizer", "false");
    }
    CHOSEN_LIBRARIES.forEach(NativeFolder::checkChosen);
    NativeFolder.direct(NativeFolder::kept, "ENGINE_CACHE_DIR", "DJL_CACHE_DIR");
    NativeFolder.direct(NativeFolder::ofProcess, "jna.tmpdir");
    NativeSettings.apply();
  }

  private static boolean isSet(@Nullable String value) {
    return value != null;
  }
}
