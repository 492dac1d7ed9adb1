package org.alignment4j.internal.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The first read of a file in a process. The JVM finds each native method at its first call, with a
 * lock of the system's loader that is held as long as a library loads: while the engine's large
 * ones do, a first read on another thread would wait for all of them.
 */
public final class FirstRead {
  private FirstRead() {}

  /** Writes and reads a byte, in all ways in which models' files are read. Throws nothing. */
  public static void make() {
    try {
      Path file = Files.createTempFile(NativeFolder.ofProcess(), "first", null);
      try (FileChannel channel =
          FileChannel.open(
              file,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE)) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(1);
        channel.write(bytes);
        channel.position(0).read(bytes.clear());
        channel.read(bytes.clear(), 0);
        channel.size();
      }
    } catch (IOException e) {
      // It would only have been faster.
    }
  }
}
