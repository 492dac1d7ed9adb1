package org.alignment4j.adapter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.alignment4j.core.CancelledException;

/** Writes small files so that they appear whole or not at all. */
final class WholeFile {
  private WholeFile() {}

  /**
   * Writes a file in a folder that exists, replacing one that is there.
   *
   * @throws CancelledException if the thread is interrupted
   */
  static void write(Path file, byte[] bytes) throws IOException {
    Path target = file.toAbsolutePath();
    Path temporary =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (ClosedByInterruptException e) {
      throw new CancelledException("writing " + file + " was cancelled", e);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
