package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Arguments.require;
import static org.alignment4j.internal.text.Shown.quoted;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.internal.text.Reasons;
import org.jspecify.annotations.Nullable;

/**
 * A GGUF file, little-endian, of version 2 or 3, open for reading; its header was checked in full.
 * Data are read and dequantised on demand, in chunks, at any size of file. Safe for use by many
 * threads at once; interrupting one of them ends its own read with {@link CancelledException} and
 * disturbs no other.
 */
public final class GgufFile implements AutoCloseable {
  /** The metadata key of a file's kind, e.g. "llama". */
  public static final String ARCHITECTURE = "general.architecture";

  /** The metadata key of the number whose multiples tensors begin at. */
  static final String ALIGNMENT = "general.alignment";

  /** Elements dequantised at once, a multiple of every block: small enough to stay in cache. */
  private static final int CHUNK = 1 << 15;

  private final OpenFile file;
  private final GgufHeader.Content header;

  private GgufFile(OpenFile file, GgufHeader.Content header) {
    this.file = file;
    this.header = header;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws CheckpointException if the file cannot be read or its header is wrong
   * @throws OutOfMemoryException if a header of up to 64 MiB is too large for the heap
   */
  public static GgufFile open(Path path) {
    return openAny(path, null);
  }

  /**
   * Opens a file of one kind.
   *
   * @param architecture that {@link #ARCHITECTURE} must say; what follows it is not read if not
   * @throws CheckpointException as {@link #open(Path)}, and if it is of another kind
   * @throws OutOfMemoryException if a header of up to 64 MiB is too large for the heap
   */
  public static GgufFile open(Path path, String architecture) {
    return openAny(path, architecture);
  }

  private static GgufFile openAny(Path path, @Nullable String architecture) {
    OpenFile file = new OpenFile(path);
    boolean complete = false;
    try {
      GgufFile opened = new GgufFile(file, GgufHeader.read(file, architecture));
      complete = true;
      return opened;
    } catch (IOException e) {
      throw new CheckpointException("cannot read " + path + ": " + Reasons.of(e), e);
    } catch (OutOfMemoryError e) {
      throw OutOfMemoryException.of(path + ": the header does not fit in memory", e);
    } finally {
      if (!complete) {
        file.close();
      }
    }
  }

  /**
   * Whether a path is to be read as GGUF: a regular file that begins or is named as such. One that
   * is only named so is damaged, which reading it tells.
   */
  public static boolean isGguf(Path path) {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    if (path.toString().toLowerCase(Locale.ROOT).endsWith(".gguf")) {
      return true;
    }
    ByteBuffer start = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (OpenFile file = new OpenFile(path)) {
      if (file.size() < start.capacity()) {
        return false;
      }
      file.read(start, 0);
      return start.getInt(0) == GgufHeader.MAGIC;
    } catch (IOException e) {
      throw new CheckpointException("cannot read " + path + ": " + Reasons.of(e), e);
    }
  }

  /** The path that was opened. */
  public Path path() {
    return file.path();
  }

  /** The format's version: 2 or 3, which differ in nothing else here. */
  public int version() {
    return header.version();
  }

  /** Metadata values by key, in the file's order. */
  public Map<String, GgufValue> metadata() {
    return header.metadata();
  }

  /** All tensors by name, in the file's order. */
  public Map<String, GgufTensor> tensors() {
    return header.tensors();
  }

  /**
   * One tensor's type, shape and place.
   *
   * @throws CheckpointException if the file has no such tensor
   */
  public GgufTensor info(String name) {
    GgufTensor info = header.tensors().get(name);
    if (info == null) {
      throw new CheckpointException(path() + ": expected tensor " + quoted(name) + ", found none");
    }
    return info;
  }

  /**
   * Reads {@code into.remaining()} elements as float32, in the file's order (the fastest dimension
   * first), from {@code firstElement} on. Neither end need be a block's.
   *
   * @param into any float buffer; its position advances to its limit
   * @throws CheckpointException if there is no such tensor, its type is not one that can be read,
   *     or the file cannot be read
   * @throws IllegalArgumentException if the range is not within the tensor
   */
  public void read(String name, long firstElement, FloatBuffer into) {
    GgufTensor info = info(name);
    GgufType type = info.type();
    if (!type.isReadable()) {
      throw new CheckpointException(
          path()
              + ": tensor "
              + quoted(name)
              + ": expected one of the types "
              + GgufType.readable()
              + ", found "
              + type);
    }
    checkRange(info, "element", firstElement, into.remaining(), info.elements());
    int size = type.blockElements();
    long block = firstElement / size;
    int skipped = (int) (firstElement % size);
    int most = (int) Math.min(CHUNK / size, ((long) skipped + into.remaining() + size - 1) / size);
    byte[] stored = new byte[most * type.blockBytes()];
    GgufType.Decoder decoder = type.decoder(most);
    while (into.hasRemaining()) {
      int whole = into.remaining() / size;
      boolean direct = into.hasArray() && skipped == 0 && whole > 0; // spares a copy
      long asked = direct ? whole : ((long) skipped + into.remaining() + size - 1) / size;
      int blocks = (int) Math.min(most, asked);
      ByteBuffer bytes = ByteBuffer.wrap(stored, 0, blocks * type.blockBytes());
      readData(info, bytes, block * type.blockBytes());
      if (direct) {
        decoder.decode(stored, into.array(), into.arrayOffset() + into.position(), blocks);
        into.position(into.position() + blocks * size);
      } else {
        float[] values = new float[blocks * size];
        decoder.decode(stored, values, 0, blocks);
        into.put(values, skipped, Math.min(into.remaining(), values.length - skipped));
      }
      block += blocks;
      skipped = 0;
    }
  }

  /**
   * Reads a whole tensor as float32; see {@link #read}.
   *
   * @throws OutOfMemoryException if it does not fit in an array
   */
  public float[] floats(String name) {
    GgufTensor info = info(name);
    String tooLarge =
        path()
            + ": tensor "
            + quoted(name)
            + " of "
            + info.elements()
            + " elements does not fit in one array; read it in parts";
    if (info.elements() > Integer.MAX_VALUE - 8) {
      throw new OutOfMemoryException(tooLarge);
    }
    float[] values;
    try {
      values = new float[(int) info.elements()];
    } catch (OutOfMemoryError e) {
      throw OutOfMemoryException.of(tooLarge, e);
    }
    read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  /**
   * Reads {@code into.remaining()} bytes of a tensor as they are stored, whatever its type, from
   * {@code firstByte} on.
   *
   * @param into any byte buffer; its position advances to its limit
   * @throws CheckpointException if there is no such tensor or the file cannot be read
   * @throws IllegalArgumentException if the range is not within the tensor
   */
  public void readRaw(String name, long firstByte, ByteBuffer into) {
    GgufTensor info = info(name);
    checkRange(info, "byte", firstByte, into.remaining(), info.bytes());
    readData(info, into, firstByte);
  }

  /**
   * Reads elements of a tensor of 4 bits as they are. Both ends are those of blocks.
   *
   * @param into as many groups as are wanted
   * @throws CheckpointException if there is no such tensor, or the file cannot be read
   * @throws IllegalStateException if its type is not one of 4 bits
   * @throws IllegalArgumentException if the range is not within the tensor
   */
  void readGroups(String name, long firstGroup, GgufGroups into) {
    GgufTensor info = info(name);
    GgufType type = info.type();
    int count = into.count();
    int groups = type.blockElements() / GgufGroups.SIZE;
    checkRange(info, "group", firstGroup, count, info.elements() / GgufGroups.SIZE);
    int most = Math.min(CHUNK / type.blockElements(), count / groups);
    byte[] stored = new byte[most * type.blockBytes()];
    for (int done = 0; done < count; done += most * groups) {
      int blocks = Math.min(most, (count - done) / groups);
      long block = (firstGroup + done) / groups;
      ByteBuffer bytes = ByteBuffer.wrap(stored, 0, blocks * type.blockBytes());
      readData(info, bytes, block * type.blockBytes());
      type.groups(stored, blocks, into, done);
    }
  }

  private void checkRange(GgufTensor info, String unit, long first, int count, long available) {
    require(
        first >= 0 && first <= available - count,
        "%s: tensor %s has %d %ss, asked for %d from %d on",
        path(),
        quoted(info.name()),
        available,
        unit,
        count,
        first);
  }

  private void readData(GgufTensor info, ByteBuffer into, long firstByte) {
    try {
      file.read(into, info.offset() + firstByte);
    } catch (IOException e) {
      throw new CheckpointException(
          path() + ": cannot read tensor " + quoted(info.name()) + ": " + Reasons.of(e), e);
    }
  }

  /** Closes the file; reading afterwards fails with {@link IllegalStateException}. */
  @Override
  public void close() {
    file.close();
  }
}
