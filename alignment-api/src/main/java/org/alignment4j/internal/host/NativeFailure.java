package org.alignment4j.internal.host;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.alignment4j.core.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * The reason why a native library could not be loaded. It is in the causes of the exceptions of
 * engine and tokenizer, and for some failures only in the system's message.
 */
public final class NativeFailure {
  /** Maximum bytes of the unpacked libraries. */
  private static final long UNPACKED = 1L << 29;

  /** What to do if a library of an engine is not on the class path. */
  public static final String ADD_RUNTIME =
      "add org.alignment4j:alignment-runtime-PLATFORM, of type pom, to the application's runtime"
          + " dependencies, where PLATFORM is linux-x86_64, linux-aarch64, macos-aarch64 or"
          + " windows-x86_64";

  private NativeFailure() {}

  /** The exception for a tensor engine that does not load. */
  public static EngineException engine(Throwable failure) {
    return new EngineException(
        "the PyTorch engine does not load: " + explain(failure, ADD_RUNTIME), failure);
  }

  /**
   * The loader's message and what to do.
   *
   * @param missing what to do if the library is not on the class path
   */
  public static String explain(Throwable failure, String missing) {
    List<Throwable> chain = new ArrayList<>();
    for (Throwable t = failure; t != null && chain.size() < 20; t = t.getCause()) {
      chain.add(t);
    }
    Throwable root = chain.get(chain.size() - 1);
    StringBuilder all = new StringBuilder();
    chain.forEach(t -> all.append(t).append('\n'));
    if (all.toString().contains("Unexpected flavor")) {
      // DJL writes the tokenizer's cause to the log only.
      IOException hidden = unpacking();
      return hidden == null ? missing : explain(hidden, missing);
    }
    return words(root) + "; " + advice(all.toString(), chain, missing);
  }

  private static String words(Throwable root) {
    String message = String.valueOf(root.getMessage());
    // For a file that cannot be written, Java's message is only its name.
    return root instanceof IOException || root.getMessage() == null
        ? root.getClass().getSimpleName() + " " + message
        : message;
  }

  private static String advice(String all, List<Throwable> chain, String missing) {
    String text = all.toLowerCase(Locale.ROOT);
    if (text.contains("already loaded in another classloader")) {
      return "a JVM loads a native library for one class loader only, and another one, such"
          + " as the application's before it was deployed again, has it: put ai.djl:api,"
          + " pytorch-engine, pytorch-jni, pytorch-native, tokenizers and the libraries of ND4J and"
          + " JavaCPP into the container's shared class loader, or restart the JVM";
    } else if (text.contains("failed to map segment") || text.contains("operation not permitted")) {
      return "the file system may be mounted noexec: native libraries are in "
          + folder()
          + "; let ENGINE_CACHE_DIR name a folder that programs may be run from";
    } else if (text.contains("glibc") || text.contains("version `")) {
      return "this system's C or C++ library is older than the native library needs (glibc 2.28 and"
          + " later on Linux)";
    } else if (text.contains("ld-linux") || text.contains("libc.musl")) {
      return "the native library needs glibc; this system, such as Alpine, has another C library";
    } else if (text.contains("wrong elf class")
        || text.contains("exec format")
        || text.contains("incompatible architecture")
        || text.contains("not a valid win32")
        || text.contains("cannot load ia 32-bit .so")
        || text.contains("possible cause: endianness")
        || text.contains("can't load amd 64")
        || text.contains("can't load aarch64")) {
      return "the native library is for another processor than this JVM's ("
          + System.getProperty("os.arch")
          + "): "
          + missing;
    } else if (text.contains("file too short") || text.contains("invalid elf header")) {
      return "the unpacked library is damaged: delete " + folder();
    } else if (text.contains("libgomp") || text.contains("cannot open shared object file")) {
      return "a library that it needs is missing on this system, or was deleted from " + folder();
    } else if (text.contains("no space left") || text.contains("disk quota")) {
      return "native libraries need about " + (UNPACKED >> 20) + " MB in " + folder();
    } else if (chain.stream().anyMatch(NativeFailure::isUnpacking)) {
      return "native libraries are unpacked to " + folder() + ", which must be writable";
    }
    return missing;
  }

  private static boolean isUnpacking(Throwable t) {
    return t instanceof FileSystemException;
  }

  /** Why no file can be created in the folder of native libraries; null if one can. */
  private static @Nullable IOException unpacking() {
    try {
      Path folder = Files.createDirectories(Path.of(folder()));
      Files.delete(Files.createTempFile(folder, "probe", null));
      return Files.getFileStore(folder).getUsableSpace() < UNPACKED / 8
          ? new FileSystemException(folder.toString(), null, "No space left on device")
          : null;
    } catch (IOException e) {
      return e;
    }
  }

  private static String folder() {
    String chosen = System.getenv("ENGINE_CACHE_DIR");
    String set = chosen != null ? chosen : System.getProperty("ENGINE_CACHE_DIR");
    return set != null && !set.isEmpty() ? set : NativeFolder.kept().toString();
  }
}
