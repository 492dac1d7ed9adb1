package org.alignment4j.internal.host;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.function.BiFunction;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * An untrusted file to be read; all input files are read through this class. It must be a regular
 * file or a link to one, since a pipe would block and a device has no end, and reading it whole has
 * a size limit. A file is absent only if its folder has no entry of that name; a dangling link is
 * an error. Every error names the file. Immutable.
 */
public final class InputFile {
  /** Maximum bytes of a settings file; the largest in use have a few million. */
  public static final long SETTINGS = 16L << 20;

  /** A file read whole may have 1/8 of the heap, since parsing it takes a multiple. */
  private static final int HEAP_SHARE = 8;

  private static final int CHUNK = 1 << 16;

  private final Path path;
  private final BiFunction<String, @Nullable Throwable, AlignmentException> failure;

  private InputFile(
      Path path, BiFunction<String, @Nullable Throwable, AlignmentException> failure) {
    this.path = path;
    this.failure = failure;
  }

  /**
   * Returns a file of a model, adapter or training, whose errors are {@link CheckpointException}s.
   */
  public static InputFile checkpoint(Path path) {
    return new InputFile(path, CheckpointException::new);
  }

  /** Returns a file of data or settings, whose errors are {@link BadDataException}s. */
  public static InputFile data(Path path) {
    return new InputFile(path, BadDataException::new);
  }

  /** The file's path. */
  public Path path() {
    return path;
  }

  /**
   * Whether its folder has an entry of this name, of any type, including a dangling link.
   *
   * @throws AlignmentException if that cannot be determined
   */
  public boolean exists() {
    try {
      Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Checks that this is a regular file or a link to one.
   *
   * @return this
   * @throws AlignmentException if not; the message states what was found
   */
  public InputFile requireRegular() {
    BasicFileAttributes found = attributes("a file");
    if (!found.isRegularFile()) {
      throw expected("a file", found.isDirectory() ? "a folder" : "a pipe, socket or device");
    }
    return this;
  }

  /**
   * Checks that this is a folder or a link to one.
   *
   * @return this
   * @throws AlignmentException if not; the message states what was found
   */
  public InputFile requireFolder() {
    BasicFileAttributes found = attributes("a folder");
    if (!found.isDirectory()) {
      throw expected("a folder", found.isRegularFile() ? "a file" : "a pipe, socket or device");
    }
    return this;
  }

  /**
   * The current size in bytes.
   *
   * @throws AlignmentException if that cannot be determined
   */
  public long size() {
    return attributes("a file").size();
  }

  private BasicFileAttributes attributes(String expected) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      throw expected(expected, Files.isSymbolicLink(path) ? "a dangling link" : "none");
    } catch (IOException e) {
      throw failed(e); // also a loop of links, which the system reports
    }
  }

  private AlignmentException expected(String expected, String found) {
    return failure.apply(path + ": expected " + expected + ", found " + found, null);
  }

  /**
   * Opens the file for reading at any position; the caller closes it.
   *
   * @throws AlignmentException if it is not a regular file or cannot be read
   */
  public FileChannel channel() {
    requireRegular();
    try {
      return FileChannel.open(path, StandardOpenOption.READ);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Opens the file for reading from its start, without a size limit, for readers that keep little
   * of it in memory; the caller closes it.
   *
   * @throws AlignmentException if it is not a regular file or cannot be read
   */
  public InputStream stream() {
    requireRegular();
    try {
      return Files.newInputStream(path);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Reads the whole file.
   *
   * @param max maximum bytes; an eighth of the Java heap if that is less
   * @throws AlignmentException if it is not a regular file, is or becomes larger while it is read,
   *     or cannot be read
   * @throws OutOfMemoryException if it does not fit in the free heap
   */
  public byte[] bytes(long max) {
    requireRegular();
    long limit = limit(max);
    try (InputStream in = Files.newInputStream(path)) {
      long size = size();
      if (size > limit) {
        throw tooLarge(max, Long.toString(size));
      }
      return unpacked(in, max); // not by its size, since it may be growing
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Reads all of a stream that unpacks the file.
   *
   * @param max maximum bytes after unpacking; an eighth of the Java heap if that is less
   * @throws AlignmentException if there are more or it cannot be read
   * @throws OutOfMemoryException if it does not fit in the free heap
   */
  public byte[] unpacked(InputStream in, long max) {
    long limit = limit(max);
    try {
      byte[] bytes = in.readNBytes((int) limit + 1);
      if (bytes.length > limit) {
        throw tooLarge(max, "more");
      }
      return bytes;
    } catch (IOException e) {
      throw failed(e);
    } catch (OutOfMemoryError e) {
      throw new OutOfMemoryException(path + ": the file does not fit in the Java heap", e);
    }
  }

  /**
   * Reads the whole file as UTF-8 text.
   *
   * @param max maximum bytes; an eighth of the Java heap if that is less
   * @throws AlignmentException as {@link #bytes}, and if it is not UTF-8
   * @throws OutOfMemoryException if it does not fit in the free heap
   */
  public String text(long max) {
    byte[] bytes = bytes(max);
    requireUtf8(bytes);
    try {
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (OutOfMemoryError e) {
      throw new OutOfMemoryException(path + ": the file does not fit in the Java heap", e);
    }
  }

  /**
   * Reads the whole file as one JSON object, in {@link StrictJson}'s syntax.
   *
   * @param max maximum bytes; an eighth of the Java heap if that is less
   * @throws AlignmentException as {@link #text}, and with line and column if it is not a JSON
   *     object
   * @throws OutOfMemoryException if it does not fit in the free heap
   */
  public JsonObject json(long max) {
    try {
      return StrictJson.object(text(max));
    } catch (JsonParseException e) {
      throw failure.apply("cannot read " + path + ": " + Reasons.of(e), e);
    }
  }

  /** Decodes in small parts, so that no second copy of the text is in memory. */
  private void requireUtf8(byte[] bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer part = CharBuffer.allocate(Math.min(CHUNK, bytes.length + 1));
    CoderResult result = CoderResult.OVERFLOW;
    while (result.isOverflow()) {
      result = decoder.decode(in, part.clear(), true);
    }
    if (result.isError()) {
      throw failure.apply(
          String.format(
              Locale.ROOT,
              "%s: expected UTF-8, found byte 0x%02X at offset %d",
              path,
              bytes[in.position()],
              in.position()),
          null);
    }
  }

  private static long limit(long max) {
    // An array cannot have more than 2^31 - 1 bytes less a few.
    return Math.min(
        Math.min(max, Integer.MAX_VALUE - CHUNK), Runtime.getRuntime().maxMemory() / HEAP_SHARE);
  }

  private AlignmentException tooLarge(long max, String found) {
    long limit = limit(max);
    return failure.apply(
        path
            + ": expected at most "
            + limit
            + " bytes, "
            + (limit < max ? "an eighth of the Java heap, which can be made larger, " : "")
            + "found "
            + found,
        null);
  }

  /**
   * The error for a file that could not be read.
   *
   * @return a {@link CancelledException} if the thread was interrupted
   */
  public AlignmentException failed(IOException e) {
    return e instanceof ClosedByInterruptException
        ? new CancelledException("reading " + path + " was cancelled", e)
        : failure.apply("cannot read " + path + ": " + Reasons.of(e), e);
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
