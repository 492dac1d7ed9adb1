package org.alignment4j.internal.host;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.FileSystemException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeFailureTests {
  /** Words of the JVM and of the system's loader. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Native Library /x/libc10.so already loaded in another classloader|shared class loader",
        "/x/libc10.so: failed to map segment from shared object|noexec",
        "/x/libc10.so: /lib64/libc.so.6: version `GLIBC_2.28' not found|older",
        "/x/libc10.so: Error loading shared library ld-linux-x86-64.so.2: No such file|Alpine",
        "/x/libc10.so: wrong ELF class: ELFCLASS64|another processor",
        "/x/libc10.so: cannot open shared object file: No such file or directory"
            + " (Possible cause: can't load AARCH64 .so on a AMD 64 platform)|another processor",
        "/x/libc10.so: file too short|damaged",
        "/x/libc10.so: libgomp.so.1: cannot open shared object file|missing on this system",
        "no djl_torch in java.library.path|ADD-IT"
      })
  void theLoadersWordsAndWhatToDoAreTold(String words, String advice) {
    for (Throwable link :
        List.of(new UnsatisfiedLinkError(words), initializer(new UnsatisfiedLinkError(words)))) {
      String message =
          NativeFailure.explain(new IllegalStateException("Failed to load", link), "ADD-IT");
      assertTrue(message.startsWith(words) && message.contains(advice), message);
    }
  }

  @Test
  void aFullOrClosedFolderIsNamed() {
    String full =
        NativeFailure.explain(
            new IllegalStateException(
                "x", new FileSystemException("/a/lib.so", null, "No space left on device")),
            "ADD-IT");
    assertTrue(full.contains("No space left on device") && full.contains("MB in "), full);
    String closed =
        NativeFailure.explain(new java.nio.file.AccessDeniedException("/a/lib.so"), "ADD-IT");
    assertTrue(closed.contains("AccessDeniedException /a/lib.so"), closed);
    assertTrue(closed.contains("must be writable"), closed);
  }

  private static Throwable initializer(Throwable cause) {
    return new ExceptionInInitializerError(cause);
  }
}
