package org.alignment4j.internal.host;

import com.sun.jna.NativeLibrary;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings of native libraries that only the process's environment or the C library can make, on
 * Linux with glibc; elsewhere nothing is set. They apply to libraries that load later.
 *
 * <ul>
 *   <li>OpenMP: threads that wait for others spin before they sleep, 100,000 rounds, and 1,000 if
 *       there are more of them than processors (GNU's library: 300,000 and 100). Between two
 *       operations of a model's step a thread that slept would wake up too late.
 *   <li>Memory allocation: freed memory is kept. A training step takes and frees gigabytes; glibc
 *       would give them back to the system and have them cleared anew each time, a tenth of the
 *       step.
 * </ul>
 */
final class NativeSettings {
  private static final Logger LOG = LoggerFactory.getLogger(NativeSettings.class);

  /** Parameters of mallopt(3). */
  private static final int M_TRIM_THRESHOLD = -1;

  private static final int M_TOP_PAD = -2;
  private static final int M_MMAP_THRESHOLD = -3;
  private static final int M_ARENA_MAX = -8;

  private NativeSettings() {}

  /** What the C library is asked to do. */
  interface Library {
    /** setenv(3), not replacing a value. */
    void environment(String name, String value);

    /** mallopt(3). */
    void allocation(int parameter, int value);
  }

  /** Makes the settings that the user's environment does not make. The first call counts. */
  static void apply() {
    Once.touch();
  }

  /** Initialised once per class loader; repeating the settings does no harm. */
  private static final class Once {
    static {
      if (System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")) {
        try {
          NativeLibrary c = NativeLibrary.getProcess();
          c.getFunction("gnu_get_libc_version"); // another C library has other parameters
          apply(System.getenv(), glibc(c));
        } catch (LinkageError | RuntimeException e) {
          LOG.debug("native libraries run with their own settings", e);
        }
      }
    }

    private Once() {}

    static void touch() {
      // Its call initialises the class.
    }
  }

  private static Library glibc(NativeLibrary c) {
    return new Library() {
      @Override
      public void environment(String name, String value) {
        c.getFunction("setenv").invokeInt(new Object[] {name, value, 0});
      }

      @Override
      public void allocation(int parameter, int value) {
        c.getFunction("mallopt").invokeInt(new Object[] {parameter, value});
      }
    };
  }

  /**
   * @param environment the user's, which takes precedence
   */
  static void apply(Map<String, String> environment, Library library) {
    if (!environment.containsKey("OMP_WAIT_POLICY") && !environment.containsKey("GOMP_SPINCOUNT")) {
      library.environment("OMP_WAIT_POLICY", "active");
      library.environment("GOMP_SPINCOUNT", "100000");
    }
    boolean chosen =
        environment.getOrDefault("GLIBC_TUNABLES", "").contains("glibc.malloc.")
            || environment.keySet().stream().anyMatch(name -> name.startsWith("MALLOC_"));
    if (!chosen) {
      library.allocation(M_ARENA_MAX, 1);
      library.allocation(M_TOP_PAD, 64 << 20);
      library.allocation(M_MMAP_THRESHOLD, 256 << 20);
      library.allocation(M_TRIM_THRESHOLD, Integer.MAX_VALUE);
    }
  }
}
