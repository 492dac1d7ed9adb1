package org.alignment4j.internal.host;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.function.BiFunction;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.text.Reasons;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file to be written atomically: it has a temporary name in the same folder until {@link #commit}
 * flushes it to the disk and renames it, replacing an existing file. {@link #close} without commit
 * deletes it, also after a failure, so that a full disk is left as it was. Every error names the
 * file. Not thread-safe.
 *
 * <pre>{@code
 * try (OutputFile out = OutputFile.data(file)) {
 *   out.write(bytes -> bytes.write(...));
 *   out.commit();
 * }
 * }</pre>
 */
public final class OutputFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OutputFile.class);
  private static final int BUFFER = 1 << 16;

  private final Path file;
  private final Path target;
  private final Path temporary;
  private final BiFunction<String, @Nullable Throwable, AlignmentException> failure;
  private final FileChannel channel;
  private final OutputStream stream;
  private boolean open = true;

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    /** Writes the content to a buffered stream, which stays open. */
    void writeTo(OutputStream out) throws IOException;
  }

  private OutputFile(
      Path file, String name, BiFunction<String, @Nullable Throwable, AlignmentException> failure) {
    this.file = file;
    this.target = file.toAbsolutePath();
    this.temporary = target.resolveSibling(name);
    this.failure = failure;
    requireReplaceable(file, target, failure);
    try {
      Files.deleteIfExists(temporary); // left by a killed process
      channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failed(e);
    }
    stream = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
  }

  /**
   * Starts a file of a model, adapter or training in an existing folder.
   *
   * @throws CheckpointException if it cannot be written, or the existing entry is not a file
   */
  public static OutputFile checkpoint(Path file) {
    return hidden(file, CheckpointException::new);
  }

  /**
   * Starts a file of data or results in an existing folder.
   *
   * @throws BadDataException if it cannot be written, or the existing entry is not a file
   */
  public static OutputFile data(Path file) {
    return hidden(file, BadDataException::new);
  }

  private static OutputFile hidden(
      Path file, BiFunction<String, @Nullable Throwable, AlignmentException> failure) {
    String name = "." + file.getFileName() + "." + UUID.randomUUID() + ".tmp";
    return new OutputFile(file, name, failure);
  }

  /**
   * Starts a file of data that can be read while unfinished, as {@code NAME.partial}; an existing
   * partial file is overwritten.
   *
   * @throws BadDataException if it cannot be written, or the existing entry is not a file
   */
  public static OutputFile partial(Path file) {
    return new OutputFile(file, file.getFileName() + ".partial", BadDataException::new);
  }

  /**
   * Writes a whole text in UTF-8 and commits it.
   *
   * @throws AlignmentException if it cannot be written
   * @throws CancelledException if the thread is interrupted
   */
  public void writeAll(String text) {
    try (this) {
      write(out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
      commit();
    }
  }

  /**
   * Copies a whole file and commits it.
   *
   * @throws AlignmentException if it cannot be read or written
   * @throws CancelledException if the thread is interrupted
   */
  public void copyAll(InputFile from) {
    try (this;
        FileChannel in = from.channel()) {
      write(out -> Channels.newInputStream(in).transferTo(out));
      commit();
    } catch (IOException e) {
      throw from.failed(e);
    }
  }

  /**
   * Checks before long work that a file can be written: its folder exists, and an existing entry of
   * its name is a file.
   *
   * @throws BadDataException if not
   */
  public static void requirePossible(Path file) {
    Path target = file.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new BadDataException("cannot write " + file + ": no such folder");
    }
    requireReplaceable(file, target, BadDataException::new);
  }

  /**
   * Checks before long work that a folder exists or can be created: an existing entry of its name
   * is a folder.
   *
   * @throws BadDataException if not
   */
  public static void requirePossibleFolder(Path folder) {
    InputFile input = InputFile.data(folder);
    if (input.exists()) {
      input.requireFolder();
    }
  }

  /** Rejects a device or pipe, which renaming would replace by a file. */
  private static void requireReplaceable(
      Path file, Path target, BiFunction<String, @Nullable Throwable, AlignmentException> failure) {
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      throw failure.apply(
          "cannot write "
              + file
              + ": expected a file or none, found "
              + (Files.isDirectory(target) ? "a folder" : "a pipe, socket or device"),
          null);
    }
  }

  /**
   * Writes to the file.
   *
   * @throws AlignmentException if that fails
   * @throws CancelledException if the thread is interrupted
   */
  public void write(Content content) {
    try {
      content.writeTo(stream);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** The buffered stream to the file; a file whose stream was closed cannot be committed. */
  public OutputStream stream() {
    return stream;
  }

  /**
   * The open file under its temporary name, also for reading, without the bytes that {@link
   * #stream} still buffers.
   */
  public FileChannel channel() {
    return channel;
  }

  /** Writes a whole buffer directly, not through {@link #stream}. */
  public void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Flushes the file to the disk and renames it.
   *
   * @throws AlignmentException if that fails
   * @throws CancelledException if the thread is interrupted
   * @throws IllegalStateException if it was committed or closed before
   */
  public void commit() {
    if (!open) {
      throw new IllegalStateException(file + " is closed");
    }
    try {
      stream.flush();
      channel.force(true);
      channel.close();
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      open = false;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Closes the file; without {@link #commit} it is deleted. */
  @Override
  public void close() {
    if (!open) {
      return;
    }
    open = false;
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("closing an unfinished file failed", e);
    }
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      LOG.warn("cannot delete the unfinished file {}", temporary, e);
    }
  }

  /**
   * The error for a file that could not be written.
   *
   * @return a {@link CancelledException} if the thread was interrupted
   */
  public AlignmentException failed(IOException e) {
    return e instanceof ClosedByInterruptException
        ? new CancelledException("writing " + file + " was cancelled", e)
        : failure.apply("cannot write " + file + ": " + Reasons.of(e), e);
  }
}
