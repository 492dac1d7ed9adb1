package org.alignment4j.internal.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether another user of this machine could change the contents of a folder: folder and
 * parents must be owned by this process's user or by root, and nobody else may have write
 * permission; a parent with the sticky bit, such as {@code /tmp}, may be writable by all. On
 * systems without POSIX owners and modes every folder is trusted, since a user's folders are
 * private by default there. Thread-safe.
 */
final class FolderTrust {
  private static final int ROOT = 0;
  private static final int GROUP_WRITES = 020;
  private static final int OTHERS_WRITE = 002;
  private static final int STICKY = 01000;
  private static final int DEPTH = 4;

  private FolderTrust() {}

  /** Whether the file system has POSIX owners and modes. */
  static boolean hasModes(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  /**
   * Describes who else could change the folder's contents.
   *
   * @param folder an existing folder without links in its path ({@link Path#toRealPath})
   * @param groupMayWrite whether write permission of a group is accepted
   * @return null if nobody else can
   */
  static @Nullable String fault(Path folder, boolean groupMayWrite) throws IOException {
    if (!hasModes(folder)) {
      return null;
    }
    OptionalInt me = user(folder);
    int writers = groupMayWrite ? OTHERS_WRITE : GROUP_WRITES | OTHERS_WRITE;
    for (Path part = folder; part != null; part = part.getParent()) {
      boolean parent = !part.equals(folder);
      String fault = fault(part, me, writers, parent, parent);
      if (fault != null) {
        return fault;
      }
    }
    return null;
  }

  /** As {@link #fault}, for files and folders in a folder whose parents are trusted. */
  static @Nullable String faultBelow(Path folder, boolean groupMayWrite) throws IOException {
    if (!hasModes(folder) || !Files.isDirectory(folder)) {
      return null;
    }
    OptionalInt me = user(folder);
    int writers = groupMayWrite ? OTHERS_WRITE : GROUP_WRITES | OTHERS_WRITE;
    try (Stream<Path> paths = Files.walk(folder, DEPTH)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        // A link's mode has no meaning; its owner is the user who created it.
        int counted = Files.isSymbolicLink(path) ? 0 : writers;
        String fault = fault(path, me, counted, false, false);
        if (fault != null) {
          return fault;
        }
      }
    }
    return null;
  }

  private static @Nullable String fault(
      Path path, OptionalInt me, int writers, boolean stickyMayBeOpen, boolean parent)
      throws IOException {
    int owner = number(path, "unix:uid");
    int mode = number(path, "unix:mode");
    boolean mine = me.isPresent() && me.getAsInt() == owner;
    if (!mine && owner != ROOT && !(parent && unmapped(owner))) {
      return path + " belongs to the user " + Files.getOwner(path, LinkOption.NOFOLLOW_LINKS);
    }
    if ((mode & writers) != 0 && !(stickyMayBeOpen && (mode & STICKY) != 0)) {
      return (mode & OTHERS_WRITE) != 0
          ? "every user may write to " + path
          : "a group of users may write to " + path;
    }
    return null;
  }

  /** The owner of files that this process writes; empty if it cannot be determined. */
  static OptionalInt user(Path folder) {
    try {
      Path probe = Files.createTempFile(folder, ".owner", null);
      try {
        return OptionalInt.of(number(probe, "unix:uid"));
      } finally {
        Files.deleteIfExists(probe);
      }
    } catch (IOException e) {
      // A folder that is ready and read-only.
    }
    for (Path owned :
        new Path[] {Path.of("/proc/self"), Path.of(System.getProperty("user.home"))}) {
      try {
        return OptionalInt.of(number(owned, "unix:uid"));
      } catch (IOException e) {
        // The next one.
      }
    }
    return OptionalInt.empty();
  }

  private static int number(Path path, String attribute) throws IOException {
    Object value = Files.getAttribute(path, attribute, LinkOption.NOFOLLOW_LINKS);
    if (value instanceof Integer number) {
      return number;
    }
    throw new IOException(path + ": expected a number as " + attribute + ", found " + value);
  }

  /**
   * In a user namespace the system's folders have the id that represents all users outside of it.
   */
  private static boolean unmapped(int owner) {
    try {
      String[] map = Files.readString(Path.of("/proc/self/uid_map")).strip().split("\\s+", -1);
      boolean whole = map.length == 3 && map[0].equals("0") && map[2].equals("4294967295");
      String overflow = Files.readString(Path.of("/proc/sys/kernel/overflowuid")).strip();
      return !whole && overflow.equals(String.valueOf(owner));
    } catch (IOException e) {
      return false;
    }
  }
}
