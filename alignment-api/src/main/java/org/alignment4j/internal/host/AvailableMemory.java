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
 * The memory that this process can still take before the system ends it or begins to swap, in
 * bytes: on Linux the least of what the machine has available and what the limits of the process's
 * control groups, version 1 or 2, and of all their parents leave. File cache counts as available,
 * swap space does not. Elsewhere what the Java machine knows.
 *
 * <p>It is a snapshot: other processes take and give memory too. A Java heap that has not grown to
 * its limit yet is part of it. Safe for use by many threads at once.
 */
public final class AvailableMemory {
  private static final String PROC = "proc";

  private final Path root;
  private final LongSupplier elsewhere;

  /**
   * @param root where {@code proc} and {@code sys} lie
   * @param elsewhere bytes where there is no {@code proc}; at most 0 if unknown
   */
  AvailableMemory(Path root, LongSupplier elsewhere) {
    this.root = root;
    this.elsewhere = elsewhere;
  }

  /**
   * What this process can still take now, bytes, 0 or more. Takes well under a millisecond.
   *
   * @return empty if the system tells nothing
   */
  public static OptionalLong bytes() {
    return new AvailableMemory(Path.of("/"), AvailableMemory::ofJavaMachine).read();
  }

  private static long ofJavaMachine() {
    if (!(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system)) {
      return 0;
    }
    // macOS keeps almost nothing free but gives a process nearly everything, so free would refuse
    // what fits.
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

  /** The least that a group and its parents leave, as far up as they are visible. */
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

  private long left(String mountedGroup, String place, String group, Version version) {
    Path top;
    Path own;
    try {
      top = root.resolve(relative(place)).normalize();
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

  /** The number that a file begins with; -1 if it has none, such as {@code max}. */
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

  /** A file's lines; none if it cannot be read: what is unknown limits nothing. */
  private static List<String> lines(Path file) {
    try {
      // Paths of groups may be any bytes.
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException | SecurityException e) {
      return List.of();
    }
  }
}
