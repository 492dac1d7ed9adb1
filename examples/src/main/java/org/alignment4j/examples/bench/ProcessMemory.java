package org.alignment4j.examples.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Memory of this process as Linux counts it; null where the system does not say. */
public final class ProcessMemory {
  private static final Path SELF = Path.of("/proc/self");

  private ProcessMemory() {}

  /** What it holds, MiB. */
  public static @Nullable Double held() {
    return mib("VmRSS:");
  }

  /** The most it held at once since its start or the last {@link #forgetPeak}, MiB. */
  public static @Nullable Double peak() {
    return mib("VmHWM:");
  }

  /**
   * Lets {@link #peak} count from now on.
   *
   * @return whether the system does
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
