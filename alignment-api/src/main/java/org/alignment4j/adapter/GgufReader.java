package org.alignment4j.adapter;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.Shown;

/**
 * Reads untrusted GGUF files of one architecture. Counts and lengths are checked against the rest
 * of the file before anything is allocated for them.
 */
final class GgufReader {
  private static final long MAX_HEADER = 64 << 20;
  private static final long MAX_DATA = 1 << 30;
  private static final int MAX_ENTRIES = 1 << 16;
  private static final int MAX_NAME = 1 << 16;
  private static final int MAX_TEXT = 1 << 26;
  private static final int MAX_NESTING = 4;
  private static final int MAX_DIMENSIONS = 4;
  private static final int MAX_ALIGNMENT = 1 << 16;

  private final GgufCursor in;
  private final FileChannel channel;
  private final String architecture;
  private int alignment = Gguf.DEFAULT_ALIGNMENT;

  /**
   * A tensor as the header describes it; its data start {@code offset} bytes into the data section.
   */
  private record Entry(String name, long[] shape, int elements, long offset) {
    long end() {
      return offset + 4L * elements;
    }
  }

  private GgufReader(GgufCursor in, FileChannel channel, String architecture) {
    this.in = in;
    this.channel = channel;
    this.architecture = architecture;
  }

  /**
   * Reads a whole file.
   *
   * @param architecture the required value of {@code general.architecture}
   * @throws CheckpointException if it cannot be read, is damaged or is of another architecture
   */
  static Gguf read(Path path, String architecture) {
    try (FileChannel channel = InputFile.checkpoint(path).channel()) {
      long size = channel.size();
      GgufCursor cursor = new GgufCursor(path, channel, Math.min(size, MAX_HEADER));
      return new GgufReader(cursor, channel, architecture).file(size);
    } catch (ClosedByInterruptException e) {
      throw new CancelledException("reading " + path + " was cancelled", e);
    } catch (IOException e) {
      throw new CheckpointException("cannot read " + path + ": " + Reasons.of(e), e);
    } catch (OutOfMemoryError e) {
      throw OutOfMemoryException.of(path + ": the file does not fit in memory", e);
    }
  }

  private Gguf file(long size) throws IOException {
    if (in.int32("the magic number") != Gguf.MAGIC) {
      throw in.error("expected a GGUF file, found another magic number");
    }
    int version = in.int32("the version");
    if (version != 2 && version != 3) {
      throw in.error(
          "expected little-endian GGUF of version 2 or 3, found "
              + ((version & 0xffff) == 0 ? "a big-endian file" : "version " + version));
    }
    int tensors = in.count("a number of tensors", 24, MAX_ENTRIES);
    int values = in.count("a number of metadata values", 13, MAX_ENTRIES);
    Map<String, GgufValue> metadata = metadata(values);
    GgufValue found = metadata.get(Gguf.ARCHITECTURE);
    if (found == null) {
      throw in.error("expected " + Gguf.ARCHITECTURE + " " + architecture + ", found none");
    }
    List<Entry> entries = entries(tensors);
    long start = Gguf.aligned(in.position(), alignment);
    check(entries, size - start);
    List<GgufTensor> read = new ArrayList<>();
    for (Entry e : entries) {
      read.add(new GgufTensor(e.name, e.shape, floats(e, start + e.offset)));
    }
    return new Gguf(version, metadata, read);
  }

  private Map<String, GgufValue> metadata(int count) throws IOException {
    Map<String, GgufValue> all = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String key = in.string("the key of metadata value " + i, MAX_NAME);
      GgufValue.Type type = type(key);
      ByteArrayOutputStream raw = new ByteArrayOutputStream();
      value(type, key, 0, raw);
      GgufValue value = new GgufValue(type, raw.toByteArray());
      if (all.put(key, value) != null) {
        throw in.error("metadata key " + Shown.quoted(key) + " occurs twice");
      }
      if (key.equals(Gguf.ARCHITECTURE)) { // early: a large vocabulary may follow
        requireArchitecture(value);
      } else if (key.equals(Gguf.ALIGNMENT)) {
        alignment = alignment(value);
      }
    }
    return all;
  }

  private GgufValue.Type type(String key) throws IOException {
    int number = in.int32("the type of " + Shown.quoted(key));
    GgufValue.Type type = GgufValue.Type.of(number);
    if (type == null) {
      throw in.error(
          "metadata value "
              + Shown.quoted(key)
              + " has type "
              + Integer.toUnsignedString(number)
              + ", expected 0 to "
              + (GgufValue.Type.values().length - 1));
    }
    return type;
  }

  /** Reads and checks a value and copies its bytes. */
  private void value(GgufValue.Type type, String key, int depth, ByteArrayOutputStream raw)
      throws IOException {
    String what = "metadata value " + Shown.quoted(key);
    switch (type) {
      case STRING -> {
        int length = in.count("a length of " + what, 1, MAX_TEXT);
        byte[] utf8 = in.bytes(length, what);
        in.text(utf8, what);
        raw.writeBytes(little(Long.BYTES).putLong(length).array());
        raw.writeBytes(utf8);
      }
      case ARRAY -> {
        if (depth == MAX_NESTING) {
          throw in.error(what + " has arrays nested deeper than " + MAX_NESTING);
        }
        GgufValue.Type element = type(key);
        int each = element.bytes > 0 ? element.bytes : Long.BYTES;
        int count = in.count("a length of " + what, each, Integer.MAX_VALUE);
        raw.writeBytes(
            little(Integer.BYTES + Long.BYTES).putInt(element.number).putLong(count).array());
        if (element.bytes > 0 && element != GgufValue.Type.BOOL) {
          raw.writeBytes(in.bytes(count * each, what));
        } else {
          for (int i = 0; i < count; i++) {
            value(element, key, depth + 1, raw);
          }
        }
      }
      default -> {
        byte[] bytes = in.bytes(type.bytes, what);
        if (type == GgufValue.Type.BOOL && bytes[0] != 0 && bytes[0] != 1) {
          throw in.error(what + " is " + bytes[0] + ", expected 0 or 1");
        }
        raw.writeBytes(bytes);
      }
    }
  }

  private void requireArchitecture(GgufValue value) {
    String found =
        value.type() == GgufValue.Type.STRING
            ? Shown.quoted((String) value.decoded())
            : "not a string";
    if (!found.equals(Shown.quoted(architecture))) {
      throw in.error(
          "expected " + Gguf.ARCHITECTURE + " " + Shown.quoted(architecture) + ", found " + found);
    }
  }

  private int alignment(GgufValue value) {
    if (value.type() != GgufValue.Type.UINT32) {
      throw in.error(Gguf.ALIGNMENT + " is of type " + value.type() + ", expected UINT32");
    }
    long found = (Long) value.decoded();
    if (found < 1 || found > MAX_ALIGNMENT || Long.bitCount(found) != 1) {
      throw in.error(
          Gguf.ALIGNMENT
              + " is "
              + found
              + ", expected a power of two of at most "
              + MAX_ALIGNMENT);
    }
    return (int) found;
  }

  private List<Entry> entries(int count) throws IOException {
    List<Entry> all = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < count; i++) {
      String name = in.string("the name of tensor " + i, MAX_NAME);
      if (!names.add(name)) {
        throw in.error("tensor " + Shown.quoted(name) + " occurs twice");
      }
      String what = "tensor " + Shown.quoted(name);
      int dimensions = in.int32("the dimensions of " + what);
      if (dimensions < 0 || dimensions > MAX_DIMENSIONS) {
        throw in.error(
            what
                + " has "
                + Integer.toUnsignedString(dimensions)
                + " dimensions, expected 0 to "
                + MAX_DIMENSIONS);
      }
      long[] shape = new long[dimensions];
      long elements = 1;
      for (int d = 0; d < dimensions; d++) {
        shape[d] = in.int64("the shape of " + what);
        if (shape[d] < 0 || shape[d] > MAX_DATA / 4 || elements * shape[d] > MAX_DATA / 4) {
          throw in.error(
              what
                  + " has more than "
                  + MAX_DATA / 4
                  + " numbers, dimension "
                  + d
                  + " is "
                  + Long.toUnsignedString(shape[d]));
        }
        elements *= shape[d];
      }
      int type = in.int32("the type of " + what);
      if (type != Gguf.FLOAT32) {
        throw in.error(
            what
                + " has type "
                + Integer.toUnsignedString(type)
                + ", expected "
                + Gguf.FLOAT32
                + " (F32)");
      }
      long offset = in.int64("the offset of " + what);
      all.add(new Entry(name, shape, (int) elements, offset));
    }
    return all;
  }

  /** Checks that tensors are within the data section, aligned, and do not overlap. */
  private void check(List<Entry> entries, long available) {
    long end = 0;
    Entry last = null;
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(Entry::offset).thenComparingLong(Entry::end));
    for (Entry e : sorted) {
      String what = "tensor " + Shown.quoted(e.name);
      if (e.offset < 0 || e.offset % alignment != 0) {
        throw in.error(
            what
                + " is at offset "
                + Long.toUnsignedString(e.offset)
                + ", expected a multiple of "
                + alignment);
      }
      if (e.offset > available || e.end() > available) {
        throw in.error(
            what
                + " of shape "
                + Arrays.toString(e.shape)
                + " at offset "
                + e.offset
                + " does not lie within the "
                + Math.max(0, available)
                + " bytes of data; the file may be truncated");
      }
      if (last != null && e.offset < end) {
        throw in.error(what + " overlaps tensor " + Shown.quoted(last.name));
      }
      end = e.end();
      last = e;
    }
    if (end > MAX_DATA) {
      throw in.error("expected at most " + MAX_DATA + " bytes of tensors, found " + end);
    }
  }

  private float[] floats(Entry entry, long position) throws IOException {
    ByteBuffer bytes = little(4 * entry.elements);
    long at = position;
    while (bytes.hasRemaining()) {
      int n = channel.read(bytes, at);
      if (n < 0) {
        throw new IOException("the file was truncated while it was read");
      }
      at += n;
    }
    float[] values = new float[entry.elements];
    bytes.flip().asFloatBuffer().get(values);
    return values;
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
