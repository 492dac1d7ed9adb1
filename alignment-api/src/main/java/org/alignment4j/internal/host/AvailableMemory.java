package org.alignment4j.internal.host;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * The memory in bytes that this process can still allocate before the system kills it or swaps: on
 * Linux the minimum of the machine's available memory and what is left below the limits of the
 * process's control groups, version 1 or 2, and of their parents. File cache is included, swap
 * space is not. On other systems the JVM's figure.
 *
 * <p>It is a snapshot, since other processes allocate and free memory too. The unused growth of the
 * Java heap is included. Thread-safe.
 */
public final class AvailableMemory {
  private static final String PROC = "proc";

  private final Path root;
  private final LongSupplier elsewhere;

  /**
   * @param root the folder of {@code proc} and {@code sys}
   * @param elsewhere returns the bytes on systems without {@code proc}; at most 0 if unknown
   */
  AvailableMemory(Path root, LongSupplier elsewhere) {
    this.root = root;
    this.elsewhere = elsewhere;
  }

  /**
   * The memory that this process can still allocate now, in bytes, 0 or more. Takes less than a
   * millisecond.
   *
   * @return empty if unknown on this system
   */
  public static OptionalLong bytes() {
    return new AvailableMemory(Path.of("/"), AvailableMemory::ofJvm).read();
  }

  private static long ofJvm() {
    if (!(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system)) {
      return 0;
    }
    // macOS keeps almost no memory free but gives a process nearly all of it, so the free
    // memory would reject models that fit.
    boolean windows =
        System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("windows");
    return windows ? system.getFreeMemorySize() : system.getTotalMemorySize();
  }

  OptionalLong read() {
    if (!Files.isDirectory(root.resolve(PROC))) {
      long bytes = elsewhere.getAsLong();
      return bytes > 0 ? OptionalLong.of(bytes) : OptionalLong.empty();
    }
    long least = Long.MAX_VALUE;
    for (String line : lines(root.resolve(PROC).resolve("meminfo"))) {
      if (line.startsWith("MemAvailable:")) {
        long kib = number(line.substring("MemAvailable:".length()).replace("kB", ""));
        least = kib >= 0 && kib <= Long.MAX_VALUE >> 10 ? kib << 10 : least;
      }
    }
    List<String> mounts = lines(root.resolve(PROC).resolve("self/mountinfo"));
    for (String line : lines(root.resolve(PROC).resolve("self/cgroup"))) {
      String[] parts = line.split(":", 3); // number, controllers, path
      if (parts.length == 3 && parts[1].isEmpty()) {
        least = Math.min(least, left(mounts, "cgroup2", parts[2], Version.TWO));
      } else if (parts.length == 3 && List.of(parts[1].split(",", -1)).contains("memory")) {
        least = Math.min(least, left(mounts, "cgroup", parts[2], Version.ONE));
      }
    }
    return least == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(least);
  }

  /** The names of a control group's files in the two versions. */
  private enum Version {
    ONE("memory.limit_in_bytes", "memory.usage_in_bytes", "total_"),
    TWO("memory.max", "memory.current", "");

    final String limit;
    final String usage;
    final String prefix;

    Version(String limit, String usage, String prefix) {
      this.limit = limit;
      this.usage = usage;
      this.prefix = prefix;
    }
  }

  /** The minimum that a group and its visible parents leave. */
  private long left(List<String> mounts, String type, String group, Version version) {
    long least = Long.MAX_VALUE;
    for (String mount : mounts) {
      // id parent device root place options... - type source superblock-options
      int dash = mount.indexOf(" - ");
      String[] before = mount.split(" ", -1);
      String[] after = dash < 0 ? new String[0] : mount.substring(dash + 3).split(" ", -1);
      boolean right =
          after.length >= 3
              && before.length >= 5
              && after[0].equals(type)
              && (version == Version.TWO || List.of(after[2].split(",", -1)).contains("memory"));
      if (right) {
        least = Math.min(least, left(before[3], before[4], group, version));
      }
    }
    return least;
  }

  private long left(String mountedGroup, String mountPoint, String group, Version version) {
    Path top;
    Path own;
    try {
      top = root.resolve(relative(mountPoint)).normalize();
      String below =
          mountedGroup.equals("/")
              ? group
              : group.startsWith(mountedGroup) ? group.substring(mountedGroup.length()) : "";
      own = top.resolve(relative(below)).normalize();
    } catch (InvalidPathException e) {
      return Long.MAX_VALUE;
    }
    // Inside a container the path may be the host's: then only the top exists, and is the group.
    long least = Long.MAX_VALUE;
    for (Path p = own; p != null && p.startsWith(top); p = p.getParent()) {
      least = Math.min(least, leftIn(p, version));
    }
    return own.startsWith(top) ? least : leftIn(top, version);
  }

  private static long leftIn(Path folder, Version version) {
    long limit = first(folder.resolve(version.limit));
    long usage = first(folder.resolve(version.usage));
    if (limit < 0 || usage < 0) {
      return Long.MAX_VALUE;
    }
    long cache = 0;
    for (String line : lines(folder.resolve("memory.stat"))) {
      if (line.startsWith(version.prefix + "inactive_file ")
          || line.startsWith(version.prefix + "active_file ")) {
        cache += Math.max(0, number(line.substring(line.indexOf(' '))));
      }
    }
    return Math.max(0, limit - Math.max(0, usage - cache));
  }

  private static String relative(String path) {
    return path.startsWith("/") ? path.substring(1) : path;
  }

  /** The number at the start of a file; -1 if there is none, such as {@code max}. */
  private static long first(Path file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? -1 : number(lines.get(0));
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text.trim());
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** A file's lines; none if it cannot be read, since an unknown limit is no limit. */
  private static List<String> lines(Path file) {
    try {
      // Paths of groups may be any bytes.
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException | SecurityException e) {
      return List.of();
    }
  }
}
