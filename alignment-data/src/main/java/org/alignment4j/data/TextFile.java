package org.alignment4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.host.OutputFile;

/**
 * Reads a whole UTF-8 file as text, decompressed if it is gzip, without byte order mark. Strict:
 * malformed UTF-8 is an error with its line or row, never a replacement character.
 */
final class TextFile {
  /** Prompt sets are megabytes; a larger one is a mistake or a zip bomb. */
  private static final long MAX_BYTES = 1 << 29;

  /** A byte that is not UTF-8 is kept as this plus the byte: a lone low surrogate. */
  private static final char MARK = 0xDC00;

  private TextFile() {}

  /**
   * @throws BadDataException if the file cannot be read, is too large, or is not UTF-8 text
   */
  static String read(Path file) {
    byte[] bytes = bytes(file);
    requireNoWideText(file, bytes);
    String text = decode(file, bytes);
    int nul = text.indexOf('\0');
    if (nul >= 0) {
      throw new BadDataException(
          file + ", line " + lineOf(text, nul) + ": expected text, found a zero byte");
    }
    return withoutMark(text);
  }

  /**
   * The text of a row that may be malformed UTF-8: each such byte becomes a lone surrogate, U+DC00
   * plus the byte, to which valid UTF-8 never decodes. {@link #requireText} detects them.
   */
  static String marked(byte[] row) {
    CharsetDecoder decoder = decoder();
    ByteBuffer in = ByteBuffer.wrap(row);
    CharBuffer out = CharBuffer.allocate(row.length + 1);
    CoderResult result = decoder.decode(in, out, true);
    while (result.isError()) {
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (MARK + (in.get() & 0xFF)));
      }
      result = decoder.decode(in, out, true);
    }
    return out.flip().toString();
  }

  /**
   * Checks a row of {@link #marked}.
   *
   * @throws BadRow if it contains a byte that is not UTF-8, or a zero byte
   */
  static void requireText(String row) throws BadRow {
    for (int i = 0; i < row.length(); i++) {
      char c = row.charAt(i);
      if (c == 0) {
        throw new BadRow("expected text, found a zero byte");
      }
      if (Character.isHighSurrogate(c)) {
        i++;
      } else if (Character.isLowSurrogate(c)) {
        throw new BadRow(String.format(Locale.ROOT, "expected UTF-8, found byte 0x%02X", c - MARK));
      }
    }
  }

  /**
   * Checks that a text can be written as UTF-8.
   *
   * @throws BadRow if it contains a lone surrogate
   */
  static void requireWritable(String name, String text) throws BadRow {
    if (hasLoneSurrogate(text)) {
      throw new BadRow(name + " holds a lone surrogate, which UTF-8 cannot");
    }
  }

  static boolean hasLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return true;
        }
        i++;
      }
    }
    return false;
  }

  /**
   * Writes UTF-8 lines; gzip if the name ends in ".gz". The file is written atomically.
   *
   * @throws BadDataException if the file cannot be written
   */
  static void write(Path file, List<String> lines) {
    boolean gzip = file.toString().toLowerCase(Locale.ROOT).endsWith(".gz");
    try (OutputFile target = OutputFile.data(file)) {
      target.write(
          plain -> {
            OutputStream out = gzip ? new GZIPOutputStream(plain) : plain;
            for (String line : lines) {
              out.write(line.getBytes(StandardCharsets.UTF_8));
              out.write('\n');
            }
            if (out instanceof GZIPOutputStream zip) {
              zip.finish();
            }
          });
      target.commit();
    }
  }

  private static void requireNoWideText(Path file, byte[] bytes) {
    if (bytes.length >= 2
        && ((bytes[0] == (byte) 0xFF && bytes[1] == (byte) 0xFE)
            || (bytes[0] == (byte) 0xFE && bytes[1] == (byte) 0xFF))) {
      throw new BadDataException(file + ": expected UTF-8, found a UTF-16 byte order mark");
    }
  }

  private static String withoutMark(String text) {
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  /** Returns the file's name in lower case, without a trailing ".gz". */
  static String plainName(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
  }

  private static byte[] bytes(Path file) {
    InputFile input = InputFile.data(file);
    try (InputStream raw = input.stream();
        PushbackInputStream in = new PushbackInputStream(raw, 2)) {
      byte[] head = in.readNBytes(2);
      in.unread(head);
      boolean gzip = head.length == 2 && head[0] == (byte) 0x1F && head[1] == (byte) 0x8B;
      return gzip ? input.unpacked(new GZIPInputStream(in), MAX_BYTES) : input.bytes(MAX_BYTES);
    } catch (IOException e) {
      throw input.failed(e);
    }
  }

  private static String decode(Path file, byte[] bytes) {
    CharsetDecoder decoder = decoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length + 1);
    CoderResult result = decoder.decode(in, out, true);
    out.flip();
    if (result.isError()) {
      throw new BadDataException(
          String.format(
              Locale.ROOT,
              "%s, line %d: expected UTF-8, found byte 0x%02X at offset %d",
              file,
              lineOf(out, out.length()),
              bytes[in.position()],
              in.position()));
    }
    return out.toString();
  }

  private static CharsetDecoder decoder() {
    return StandardCharsets.UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT);
  }

  private static long lineOf(CharSequence text, int end) {
    return 1 + text.subSequence(0, end).chars().filter(c -> c == '\n').count();
  }
}
