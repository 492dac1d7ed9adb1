package org.alignment4j.data;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a UTF-8 file, one after the other, decompressed if it is gzip, without byte order
 * mark; memory is bounded by the maximum line length. Not thread-safe.
 */
final class LineSource implements AutoCloseable {
  /** Maximum bytes of a line; a longer one is not data. */
  static final int MAX_LINE = 1 << 22;

  /** Line length in bytes above which the file is rejected as binary or a zip bomb. */
  static final long MAX_SKIPPED = 1 << 30;

  private static final int BUFFER = 1 << 16;

  private final Path file;
  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER];
  private int at;
  private int end;
  private long number;

  /**
   * A line.
   *
   * @param number from 1
   * @param text with its line break; empty if there is a flaw
   * @param flaw why it cannot be used; null if it can
   */
  record Line(long number, String text, @Nullable String flaw) {
    /** Returns the text without its line break. */
    String content() {
      int length = text.length();
      if (text.endsWith("\n")) {
        length -= text.endsWith("\r\n") ? 2 : 1;
      }
      return text.substring(0, length);
    }
  }

  /**
   * @throws BadDataException if the file cannot be opened, or is UTF-16
   */
  LineSource(Path file) {
    this.file = file;
    this.in = opened(file);
  }

  /**
   * Opens a file, decompressed if it is gzip, after its byte order mark.
   *
   * @throws BadDataException if the file cannot be opened, or is UTF-16
   */
  static InputStream opened(Path file) {
    try {
      return open(file);
    } catch (IOException e) {
      throw new BadDataException("cannot read " + file + ": " + Reasons.of(e), e);
    }
  }

  private static InputStream open(Path file) throws IOException {
    InputStream raw = new BufferedInputStream(InputFile.data(file).stream(), BUFFER);
    try {
      byte[] head = head(raw, 2);
      boolean gzip = head.length == 2 && head[0] == (byte) 0x1F && head[1] == (byte) 0x8B;
      InputStream plain =
          gzip ? new BufferedInputStream(new GZIPInputStream(raw, BUFFER), BUFFER) : raw;
      byte[] mark = head(plain, 3);
      if (mark.length >= 2
          && (mark[0] & 0xFF) + (mark[1] & 0xFF) == 0xFF + 0xFE
          && (mark[0] == (byte) 0xFF || mark[0] == (byte) 0xFE)) {
        throw new BadDataException(file + ": expected UTF-8, found a UTF-16 byte order mark");
      }
      if (new String(mark, StandardCharsets.UTF_8).equals("\uFEFF")) {
        plain.skipNBytes(mark.length);
      }
      return plain;
    } catch (IOException | BadDataException e) {
      raw.close();
      throw e;
    }
  }

  /**
   * Returns the first 64 KiB of a file as text; malformed bytes are replaced.
   *
   * @throws BadDataException if the file cannot be opened, or is UTF-16
   */
  static String beginning(Path file) {
    try (InputStream in = open(file)) {
      return new String(in.readNBytes(BUFFER), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new BadDataException("cannot read " + file + ": " + Reasons.of(e), e);
    }
  }

  /**
   * The last byte of a file that is not white space; 0 if there is none.
   *
   * @throws BadDataException if the file cannot be read, or is UTF-16
   */
  static char last(Path file) {
    byte[] some = new byte[BUFFER];
    byte last = 0;
    try (InputStream in = open(file)) {
      for (int n = in.read(some); n >= 0; n = in.read(some)) {
        for (int i = 0; i < n; i++) {
          last = Character.isWhitespace(some[i]) ? last : some[i];
        }
      }
      return (char) (last & 0xFF);
    } catch (IOException e) {
      throw new BadDataException("cannot read " + file + ": " + Reasons.of(e), e);
    }
  }

  /**
   * @throws BadRow if this class would reject a line or a record of that many bytes
   */
  static void requireShort(int bytes) throws BadRow {
    if (bytes > MAX_LINE) {
      throw new BadRow("it takes " + bytes + " bytes, of which a row can have at most " + MAX_LINE);
    }
  }

  private static byte[] head(InputStream in, int length) throws IOException {
    in.mark(length);
    byte[] head = in.readNBytes(length);
    in.reset();
    return head;
  }

  /**
   * Returns the next line; null at the end.
   *
   * @throws BadDataException if reading fails, or a line is endless; the message names file and
   *     line
   */
  @Nullable Line next() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    boolean tooLong = false;
    long read = 0;
    boolean any = false;
    boolean complete = false;
    while (!complete && fill()) {
      any = true;
      int stop = at;
      while (stop < end && buffer[stop] != '\n') {
        stop++;
      }
      complete = stop < end;
      int length = (complete ? stop + 1 : stop) - at;
      tooLong |= bytes.size() + length > MAX_LINE;
      if (!tooLong) {
        bytes.write(buffer, at, length);
      }
      at += length;
      read += length;
      if (read > MAX_SKIPPED) {
        throw new BadDataException(
            file
                + ", line "
                + (number + 1)
                + ": expected text with lines of at most "
                + MAX_LINE
                + " bytes, found "
                + MAX_SKIPPED
                + " without a line break");
      }
    }
    if (!any) {
      return null;
    }
    number++;
    return tooLong
        ? new Line(number, "", "expected at most " + MAX_LINE + " bytes in a line, found more")
        : decoded(bytes.toByteArray());
  }

  private boolean fill() {
    if (at == end) {
      try {
        end = Math.max(0, in.read(buffer, 0, buffer.length));
      } catch (IOException e) {
        throw new BadDataException(
            "cannot read " + file + " after line " + number + ": " + Reasons.of(e), e);
      }
      at = 0;
    }
    return at < end;
  }

  private Line decoded(byte[] bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer from = ByteBuffer.wrap(bytes);
    CharBuffer to = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(from, to, true);
    if (result.isError()) {
      return new Line(
          number,
          "",
          String.format(Locale.ROOT, "expected UTF-8, found byte 0x%02X", bytes[from.position()]));
    }
    String text = to.flip().toString();
    return text.indexOf('\0') >= 0
        ? new Line(number, "", "expected text, found a zero byte")
        : new Line(number, text, null);
  }

  /** Closes the file. */
  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new BadDataException("cannot close " + file + ": " + Reasons.of(e), e);
    }
  }
}
