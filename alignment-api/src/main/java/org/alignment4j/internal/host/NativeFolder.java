package org.alignment4j.internal.host;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.alignment4j.core.EngineException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders that native libraries are unpacked to and loaded from, to which no other user of this
 * machine can write. Libraries with native code unpack it to the temporary folder under predictable
 * names, and load a file that exists there already: another user who creates such a file first
 * could run code in this process.
 *
 * <p>{@link #kept} is {@code .alignment4j/natives} in the user's home, mode 0700, if nobody else
 * can change the home folder and its parents. Otherwise it is a folder that only this process uses.
 * {@link #ofProcess} is always such a folder: newly created, mode 0700, deleted when the JVM exits,
 * or at the next start if it was killed. Thread-safe.
 */
public final class NativeFolder {
  private static final Logger LOG = LoggerFactory.getLogger(NativeFolder.class);
  private static final String HOME = ".alignment4j";
  private static final String NATIVES = "natives";
  private static final String PROCESS = "run-";
  private static final String TEMPORARY = "alignment4j-run-";
  private static final String LOCK = ".lock";

  /** A folder younger than this may not be locked yet. */
  private static final Duration FRESH = Duration.ofMinutes(1);

  /** Class loaders of one JVM share the folder: a second lock would end the first. */
  private static final String PROCESS_PROPERTY = "alignment4j.process.folder";

  private static final Set<String> CHECKED = ConcurrentHashMap.newKeySet();

  private static @Nullable Path kept;
  private static @Nullable Path process;

  private NativeFolder() {}

  /**
   * The folder for native libraries that later processes use again.
   *
   * @throws EngineException if no folder can be created to which nobody else can write; the message
   *     states why
   */
  public static synchronized Path kept() {
    if (kept == null) {
      List<String> faults = new ArrayList<>();
      Path home = home(faults);
      Path folder = home == null ? null : privateFolder(home, NATIVES, faults);
      if (folder == null) {
        folder = ofProcess();
        LOG.warn(
            "native libraries are unpacked again at each start, to {}, since {}; ENGINE_CACHE_DIR and"
                + " -Dorg.bytedeco.javacpp.cachedir can name a folder that is kept",
            folder,
            String.join("; ", faults));
      }
      kept = folder;
    }
    return kept;
  }

  /**
   * The folder for native libraries that are unpacked at each start, and for other short-lived
   * files.
   *
   * @throws EngineException if no folder can be created to which nobody else can write; the message
   *     states why
   */
  public static synchronized Path ofProcess() {
    if (process == null) {
      String shared = chosen(PROCESS_PROPERTY);
      if (shared != null && Files.isDirectory(Path.of(shared))) {
        check(PROCESS_PROPERTY, Path.of(shared));
        process = Path.of(shared);
        return process;
      }
      List<String> faults = new ArrayList<>();
      Path home = home(faults);
      Path folder = home == null ? null : fresh(home, PROCESS, faults);
      if (folder == null) {
        folder = fresh(Path.of(System.getProperty("java.io.tmpdir")), TEMPORARY, faults);
      }
      if (folder == null) {
        throw new EngineException(
            "there is no folder that native libraries can be unpacked to: "
                + String.join("; ", faults)
                + "; let -Djava.io.tmpdir name a folder that this user can write to and others"
                + " cannot");
      }
      System.setProperty(PROCESS_PROPERTY, folder.toString());
      process = folder;
    }
    return process;
  }

  /**
   * Makes a library unpack its native code to {@code folder} by setting the system property that it
   * reads, unless the application has set one of {@code names} as environment variable or system
   * property. Then that folder is used; other users must not have write permission, and write
   * permission of a group is logged as a warning.
   *
   * @param folder {@link #kept} or {@link #ofProcess}
   * @param names the names that the library reads, the preferred one first
   * @throws EngineException if other users can write to the application's folder
   */
  public static void direct(Supplier<Path> folder, String... names) {
    for (String name : names) {
      String chosen = chosen(name);
      if (chosen != null) {
        check(name, Path.of(chosen));
        return;
      }
    }
    String value = folder.get().toString();
    for (String name : names) {
      System.setProperty(name, value);
      CHECKED.add(name + value);
      // An empty variable hides the property of the same name.
      if (System.getenv(name) == null) {
        return;
      }
    }
    throw new EngineException(
        "the environment variable " + names[0] + " is set but empty: unset it, or name a folder");
  }

  /**
   * Checks the folder or library that the application chose, if any.
   *
   * @throws EngineException if other users can write to it
   */
  static void checkChosen(String name) {
    String chosen = chosen(name);
    if (chosen != null) {
      for (String path : chosen.split("[," + File.pathSeparator + "]", -1)) {
        if (!path.isBlank() && Files.exists(Path.of(path))) {
          check(name, Path.of(path));
        }
      }
    }
  }

  private static @Nullable String chosen(String name) {
    String variable = System.getenv(name);
    String value = variable != null ? variable : System.getProperty(name);
    return value == null || value.isEmpty() ? null : value;
  }

  private static void check(String name, Path chosen) {
    if (CHECKED.contains(name + chosen)) {
      return;
    }
    try {
      Path folder = chosen.toAbsolutePath();
      if (!Files.exists(folder)) {
        Files.createDirectories(folder, mode(folder));
      }
      folder = folder.toRealPath();
      String fault = FolderTrust.fault(folder, true);
      if (fault == null) {
        fault = FolderTrust.faultBelow(folder, true);
      }
      if (fault != null) {
        throw new EngineException(
            name
                + " names "
                + chosen
                + " for native libraries, but "
                + fault
                + ": that user's code could run in this process; let it name a folder that only"
                + " this process's user can write to");
      }
      String warning = FolderTrust.fault(folder, false);
      if (warning != null) {
        LOG.warn(
            "{} names {} for native libraries, and {}: their code could run in this process",
            name,
            chosen,
            warning);
      }
      CHECKED.add(name + chosen);
    } catch (IOException e) {
      throw new EngineException(
          name + " names " + chosen + " for native libraries, which cannot be used: " + e, e);
    }
  }

  /** The library's folder in the user's home. */
  private static @Nullable Path home(List<String> faults) {
    Path home = Path.of(System.getProperty("user.home", ""));
    // Java returns "?" for a user without an entry in the system's list.
    if (!home.isAbsolute() || !Files.isDirectory(home)) {
      faults.add("this user has no home folder (" + home + ")");
      return null;
    }
    return privateFolder(home, HOME, faults);
  }

  private static @Nullable Path privateFolder(Path parent, String name, List<String> faults) {
    try {
      String fault = FolderTrust.fault(parent.toRealPath(), false);
      if (fault == null) {
        Path folder = parent.toRealPath().resolve(name);
        try {
          Files.createDirectory(folder, mode(folder));
        } catch (FileAlreadyExistsException e) {
          // Checked below, also if another process of this user has just created it.
        }
        Path real = folder.toRealPath();
        fault = FolderTrust.fault(real, false);
        if (fault == null && !Files.isDirectory(real)) {
          fault = real + " is not a folder";
        }
        if (fault == null && !Files.isWritable(real)) {
          fault = real + " is not writable";
        }
        if (fault == null) {
          return real;
        }
      }
      faults.add(fault);
    } catch (IOException e) {
      faults.add(reason(e));
    }
    return null;
  }

  private static @Nullable Path fresh(Path parent, String prefix, List<String> faults) {
    Path folder = null;
    try {
      Path real = parent.toRealPath();
      sweep(real, prefix);
      folder = Files.createTempDirectory(real, prefix, mode(real));
      String fault = FolderTrust.fault(folder, false);
      if (fault != null) {
        faults.add(fault);
        delete(folder);
        return null;
      }
      // Held until the process ends, to mark the folder as in use.
      FileChannel channel =
          FileChannel.open(
              folder.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      channel.lock();
      deleteAtExit(folder, channel);
      return folder;
    } catch (IOException e) {
      faults.add(reason(e));
      if (folder != null) {
        delete(folder);
      }
      return null;
    }
  }

  private static void deleteAtExit(Path folder, FileChannel lock) {
    Thread hook =
        new Thread(
            () -> {
              close(lock);
              delete(folder);
            },
            "alignment4j-natives");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is exiting; the next one deletes the folder.
    }
  }

  /** Deletes the folders of killed processes. */
  private static void sweep(Path parent, String prefix) {
    try (Stream<Path> folders = Files.list(parent)) {
      folders
          .filter(p -> p.getFileName().toString().startsWith(prefix))
          .filter(p -> Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS))
          .filter(NativeFolder::isAbandoned)
          .forEach(NativeFolder::delete);
    } catch (IOException | RuntimeException e) {
      LOG.debug("cannot list the folders of earlier processes in {}", parent, e);
    }
  }

  private static boolean isAbandoned(Path folder) {
    Path lock = folder.resolve(LOCK);
    try {
      if (Files.getLastModifiedTime(folder).toInstant().isAfter(Instant.now().minus(FRESH))
          || FolderTrust.fault(folder, false) != null) {
        return false;
      }
      try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
        return channel.tryLock() != null;
      }
    } catch (IOException | OverlappingFileLockException e) {
      return false;
    }
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("cannot close {}", channel, e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | RuntimeException e) {
      // Some systems cannot delete a loaded library; the next process does.
      LOG.debug("cannot delete {}", folder, e);
    }
  }

  private static FileAttribute<?>[] mode(Path path) {
    return FolderTrust.hasModes(path)
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName() + " " + e.getMessage();
  }
}
