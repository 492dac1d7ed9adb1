package org.alignment4j.internal.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.alignment4j.core.CheckpointException;

/** Reads the header of an untrusted GGUF file from its start, never beyond a limit. */
final class GgufCursor {
  private static final int BUFFER = 1 << 14;

  private final Path path;
  private final OpenFile file;
  private final long limit;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
  private long position;

  /**
   * @param limit number of bytes that may be read, at most the file's size
   */
  GgufCursor(OpenFile file, long limit) {
    this.path = file.path();
    this.file = file;
    this.limit = limit;
    buffer.limit(0);
  }

  /** Bytes read so far. */
  long position() {
    return position;
  }

  /** Bytes that may still be read. */
  long remaining() {
    return limit - position;
  }

  int int32(String what) throws IOException {
    return ByteBuffer.wrap(bytes(Integer.BYTES, what)).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  /** A 64-bit number; values of 2^63 and more become negative. */
  long int64(String what) throws IOException {
    return ByteBuffer.wrap(bytes(Long.BYTES, what)).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  /**
   * A count of items that take {@code each} bytes or more, at most {@code max}, so that an
   * allocation for them is bounded by the size of the file.
   */
  int count(String what, int each, int max) throws IOException {
    long count = int64(what);
    if (count < 0 || count > Math.min(max, remaining() / each)) {
      throw error(
          "expected "
              + what
              + " of at most "
              + Math.min(max, remaining() / each)
              + ", found "
              + Long.toUnsignedString(count));
    }
    return (int) count;
  }

  /** {@code count} bytes. */
  byte[] bytes(int count, String what) throws IOException {
    if (count > remaining()) {
      throw error(
          "expected " + count + " bytes of " + what + " at " + position + ", found " + remaining());
    }
    byte[] into = new byte[count];
    int done = 0;
    while (done < count) {
      if (!buffer.hasRemaining()) {
        long at = position + done;
        buffer.clear().limit((int) Math.min(BUFFER, limit - at));
        file.read(buffer, at);
        buffer.flip();
      }
      int n = Math.min(buffer.remaining(), count - done);
      buffer.get(into, done, n);
      done += n;
    }
    position += count;
    return into;
  }

  /** A string of at most {@code max} bytes of UTF-8. */
  String string(String what, int max) throws IOException {
    byte[] utf8 = bytes(count("the length of " + what, 1, max), what);
    return text(utf8, what);
  }

  String text(byte[] utf8, String what) {
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
      return text.toString();
    } catch (CharacterCodingException e) {
      throw new CheckpointException(path + ": " + what + " is not valid UTF-8", e);
    }
  }

  CheckpointException error(String message) {
    return new CheckpointException(path + ": " + message);
  }
}
