package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Arguments.require;
import static org.alignment4j.internal.text.Shown.quoted;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.internal.text.Reasons;
import org.jspecify.annotations.Nullable;

/**
 * A safetensors file open for reading, whose header was checked completely. Data are read on
 * demand, in chunks, for files of any size. Thread-safe; interrupting one thread ends its own read
 * with {@link CancelledException} and does not affect others.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** Bytes read at once: small enough to stay in cache between reading and converting. */
  static final int CHUNK = 1 << 18;

  private final Path path;
  private final OpenFile file;
  private final SafetensorsHeader header;

  private SafetensorsFile(OpenFile file) throws IOException {
    this.path = file.path();
    this.file = file;
    long size = file.size();
    if (size < Long.BYTES) {
      throw new CheckpointException(
          path + ": expected at least 8 bytes, the header's length, found " + size);
    }
    ByteBuffer start = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    file.read(start, 0);
    long length = start.getLong(0);
    if (length < 0 || length > SafetensorsHeader.MAX_BYTES) {
      throw new CheckpointException(
          path
              + ": expected a header of at most "
              + SafetensorsHeader.MAX_BYTES
              + " bytes, found length "
              + Long.toUnsignedString(length));
    }
    if (length > size - Long.BYTES) {
      throw new CheckpointException(
          path
              + ": expected a header of "
              + length
              + " bytes, found only "
              + (size - Long.BYTES)
              + "; the file may be truncated");
    }
    byte[] json = new byte[(int) length];
    file.read(ByteBuffer.wrap(json), Long.BYTES);
    this.header = SafetensorsHeader.parse(path, json, size);
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws CheckpointException if the file cannot be read or its header is wrong
   * @throws OutOfMemoryException if a header of up to 100 MB is too large for the heap
   */
  public static SafetensorsFile open(Path path) {
    OpenFile file = new OpenFile(path);
    boolean complete = false;
    try {
      SafetensorsFile opened = new SafetensorsFile(file);
      complete = true;
      return opened;
    } catch (IOException e) {
      throw new CheckpointException("cannot read " + path + ": " + Reasons.of(e), e);
    } catch (OutOfMemoryError e) {
      // Only the header, at most 100 MB, is in memory, but a small heap may be too small for it.
      throw OutOfMemoryException.of(path + ": the header does not fit in memory", e);
    } finally {
      if (!complete) {
        file.close();
      }
    }
  }

  /** The path that was opened. */
  public Path path() {
    return path;
  }

  /** The header's {@code __metadata__}; empty if it has none. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /** All tensors by name, in the order of their data in the file. */
  public Map<String, TensorInfo> tensors() {
    return header.tensors();
  }

  /**
   * One tensor's type, shape and offset.
   *
   * @throws CheckpointException if the file has no such tensor
   */
  public TensorInfo info(String name) {
    TensorInfo info = header.tensors().get(name);
    if (info == null) {
      throw new CheckpointException(path + ": expected tensor " + quoted(name) + ", found none");
    }
    return info;
  }

  /**
   * Reads {@code into.remaining()} elements as float32, row-major, starting at {@code
   * firstElement}. F32, F16 and BF16 are exact; F64 is rounded to nearest.
   *
   * @param into any float buffer; its position advances to its limit
   * @throws CheckpointException if there is no such tensor, its type is not F64, F32, F16 or BF16,
   *     or the file cannot be read
   * @throws IllegalArgumentException if the range is not within the tensor
   */
  public void read(String name, long firstElement, FloatBuffer into) {
    TensorInfo info = info(name);
    if (!info.type().isFloat()) {
      throw wrongType(info, "F64, F32, F16 or BF16");
    }
    checkRange(info, "element", firstElement, into.remaining(), info.elements());
    int width = info.type().bytes();
    long position = info.offset() + firstElement * width;
    int chunk = (int) Math.min(CHUNK, (long) into.remaining() * width);
    ByteBuffer bytes = ByteBuffer.allocate(chunk).order(ByteOrder.LITTLE_ENDIAN);
    FloatDecoder decoder = new FloatDecoder(info.type(), chunk / width);
    while (into.hasRemaining()) {
      int n = Math.min(chunk / width, into.remaining());
      bytes.clear().limit(n * width);
      readData(info, bytes, position);
      decoder.decode(bytes.flip(), into);
      position += (long) n * width;
    }
  }

  /**
   * Reads a whole tensor as float32, row-major; see {@link #read}.
   *
   * @throws OutOfMemoryException if it does not fit in an array
   */
  public float[] floats(String name) {
    TensorInfo info = info(name);
    if (!info.type().isFloat()) {
      throw wrongType(info, "F64, F32, F16 or BF16");
    }
    float[] values;
    try {
      values = new float[arrayLength(info)];
    } catch (OutOfMemoryError e) {
      throw tooLarge(info, e);
    }
    read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  /**
   * Reads a whole tensor of any integer type as longs, row-major; BOOL is read as 0 and 1.
   *
   * @throws CheckpointException if there is no such tensor, its type is not an integer type, a
   *     value is above 2^63 - 1, or the file cannot be read
   * @throws OutOfMemoryException if it does not fit in an array
   */
  public long[] longs(String name) {
    TensorInfo info = info(name);
    if (!info.type().isInteger()) {
      throw wrongType(info, "an integer type or BOOL");
    }
    long[] values;
    try {
      values = new long[arrayLength(info)];
    } catch (OutOfMemoryError e) {
      throw tooLarge(info, e);
    }
    int width = info.type().bytes();
    ByteBuffer bytes =
        ByteBuffer.allocate((int) Math.min(CHUNK, info.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    int done = 0;
    while (done < values.length) {
      int n = Math.min(CHUNK / width, values.length - done);
      bytes.clear().limit(n * width);
      readData(info, bytes, info.offset() + (long) done * width);
      bytes.flip();
      for (int i = 0; i < n; i++) {
        values[done + i] = integer(info, bytes, i);
        if (values[done + i] < 0 && info.type() == StorageType.U64) {
          throw new CheckpointException(
              path
                  + ": tensor "
                  + quoted(info.name())
                  + ": expected integers below 2^63, found "
                  + Long.toUnsignedString(values[done + i])
                  + " at element "
                  + (done + i));
        }
      }
      done += n;
    }
    return values;
  }

  /**
   * Reads {@code into.remaining()} bytes of a tensor as stored, starting at {@code firstByte}.
   *
   * @param into any byte buffer; its position advances to its limit
   * @throws CheckpointException if there is no such tensor or the file cannot be read
   * @throws IllegalArgumentException if the range is not within the tensor
   */
  public void readRaw(String name, long firstByte, ByteBuffer into) {
    TensorInfo info = info(name);
    checkRange(info, "byte", firstByte, into.remaining(), info.bytes());
    long position = info.offset() + firstByte;
    int end = into.limit();
    try {
      while (into.position() < end) {
        int n = Math.min(CHUNK, end - into.position());
        into.limit(into.position() + n);
        readData(info, into, position);
        position += n;
      }
    } finally {
      into.limit(end);
    }
  }

  /** Closes the file; reading afterwards fails with {@link IllegalStateException}. */
  @Override
  public void close() {
    file.close();
  }

  private static long integer(TensorInfo info, ByteBuffer bytes, int i) {
    return switch (info.type()) {
      case I64, U64 -> bytes.getLong(8 * i);
      case I32 -> bytes.getInt(4 * i);
      case U32 -> Integer.toUnsignedLong(bytes.getInt(4 * i));
      case I16 -> bytes.getShort(2 * i);
      case U16 -> Short.toUnsignedLong(bytes.getShort(2 * i));
      case I8 -> bytes.get(i);
      case U8 -> Byte.toUnsignedLong(bytes.get(i));
      case BOOL -> bytes.get(i) != 0 ? 1 : 0;
      default -> throw new IllegalStateException("not an integer type: " + info);
    };
  }

  private CheckpointException wrongType(TensorInfo info, String expected) {
    return new CheckpointException(
        path
            + ": tensor "
            + quoted(info.name())
            + ": expected "
            + expected
            + ", found "
            + info.type());
  }

  private void checkRange(TensorInfo info, String unit, long first, int count, long available) {
    require(
        first >= 0 && first <= available - count,
        "%s: tensor %s has %d %ss, requested %d from index %d",
        path,
        quoted(info.name()),
        available,
        unit,
        count,
        first);
  }

  private int arrayLength(TensorInfo info) {
    if (info.elements() > Integer.MAX_VALUE - 8) {
      throw tooLarge(info, null);
    }
    return (int) info.elements();
  }

  private OutOfMemoryException tooLarge(TensorInfo info, @Nullable OutOfMemoryError cause) {
    String what =
        path
            + ": tensor "
            + quoted(info.name())
            + " of "
            + info.elements()
            + " elements does not fit in one array; read it in parts";
    return cause == null ? new OutOfMemoryException(what) : OutOfMemoryException.of(what, cause);
  }

  private void readData(TensorInfo info, ByteBuffer into, long position) {
    try {
      file.read(into, position);
    } catch (IOException e) {
      throw new CheckpointException(
          path + ": cannot read tensor " + quoted(info.name()) + ": " + Reasons.of(e), e);
    }
  }
}
