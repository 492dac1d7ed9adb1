package org.alignment4j.examples.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Memory of this process as reported by Linux; null where the system does not report it. */
public final class ProcessMemory {
  private static final Path SELF = Path.of("/proc/self");

  private ProcessMemory() {}

  /** Returns the resident memory, MiB. */
  public static @Nullable Double held() {
    return mib("VmRSS:");
  }

  /** Returns the peak resident memory since the start or the last {@link #forgetPeak}, MiB. */
  public static @Nullable Double peak() {
    return mib("VmHWM:");
  }

  /**
   * Resets {@link #peak}.
   *
   * @return whether the system supports it
   */
  public static boolean forgetPeak() {
    try {
      Files.writeString(SELF.resolve("clear_refs"), "5");
      return true;
    } catch (IOException | SecurityException e) {
      return false;
    }
  }

  private static @Nullable Double mib(String key) {
    Path status = SELF.resolve("status");
    if (!Files.isReadable(status)) {
      return null;
    }
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith(key)) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return null;
    }
    return null;
  }
}
