package org.alignment4j.internal.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A checkpoint's file open for reading at any place. Safe for use by many threads at once;
 * interrupting one of them ends its own read with {@link CancelledException} and disturbs no other.
 */
final class OpenFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenFile.class);

  private final Path path;
  private final Identity identity;
  private final Object reopening = new Object();
  private volatile FileChannel channel;
  private volatile boolean closed;

  /**
   * Opens a file.
   *
   * @throws CheckpointException if it is no regular file or cannot be read
   */
  OpenFile(Path path) {
    this.path = path;
    this.channel = InputFile.checkpoint(path).channel();
    try {
      this.identity = Identity.of(path);
    } catch (IOException e) {
      closeQuietly(channel);
      throw new CheckpointException("cannot read " + path + ": " + Reasons.of(e), e);
    }
  }

  Path path() {
    return path;
  }

  /** Its length in bytes when it was opened. */
  long size() {
    return identity.size();
  }

  /**
   * Reads {@code into.remaining()} bytes from {@code position} on.
   *
   * @throws IOException if it has not as many, or was replaced since it was opened
   * @throws IllegalStateException if it was closed
   */
  void read(ByteBuffer into, long position) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      Cancellation.check("reading " + path);
      FileChannel current = channel;
      int n;
      try {
        n = current.read(into, at);
      } catch (ClosedChannelException e) {
        // An interrupt closes the channel for every thread: only the interrupted one gives up.
        Cancellation.check("reading " + path);
        reopen(current);
        continue;
      }
      if (n < 0) {
        throw new IOException(
            "expected "
                + into.remaining()
                + " more bytes at "
                + at
                + ", found the end of the file; it was truncated while open");
      }
      at += n;
    }
  }

  private void reopen(FileChannel broken) throws IOException {
    synchronized (reopening) {
      if (closed) {
        throw new IllegalStateException(path + " is closed");
      }
      if (channel == broken) {
        FileChannel fresh = InputFile.checkpoint(path).channel();
        if (!identity.equals(Identity.of(path))) {
          closeQuietly(fresh);
          throw new IOException("the file was replaced or changed while open");
        }
        channel = fresh;
      }
    }
  }

  /** Closes the file; reading afterwards fails with {@link IllegalStateException}. */
  @Override
  public void close() {
    synchronized (reopening) {
      closed = true;
      closeQuietly(channel);
    }
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("closing a file that was only read failed", e);
    }
  }

  /** What tells that a path still leads to the file that was opened. */
  private record Identity(long size, FileTime modified, @Nullable Object key) {
    static Identity of(Path path) throws IOException {
      BasicFileAttributes a = Files.readAttributes(path, BasicFileAttributes.class);
      return new Identity(a.size(), a.lastModifiedTime(), a.fileKey());
    }
  }
}
