package org.alignment4j.internal.tensor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header of untrusted GGUF files. Counts and lengths are checked against what the file
 * still has before anything is allocated for them.
 */
final class GgufHeader {
  /** "GGUF" as a little-endian number. */
  static final int MAGIC = 0x4655_4747;

  static final int DEFAULT_ALIGNMENT = 32;

  /** Maximum size of a header. */
  static final long MAX_BYTES = 64 << 20;

  private static final int MAX_ENTRIES = 1 << 16;
  private static final int MAX_NAME = 1 << 16;
  private static final int MAX_TEXT = 1 << 26;
  private static final int MAX_NESTING = 4;
  private static final int MAX_DIMENSIONS = 4;
  private static final int MAX_ALIGNMENT = 1 << 16;

  private final GgufCursor in;
  private final long size;
  private final @Nullable String architecture;
  private int alignment = DEFAULT_ALIGNMENT;

  private GgufHeader(GgufCursor in, long size, @Nullable String architecture) {
    this.in = in;
    this.size = size;
    this.architecture = architecture;
  }

  /**
   * What a header says.
   *
   * @param version 2 or 3
   * @param metadata values by key, in the file's order
   * @param tensors by name, in the file's order
   */
  record Content(int version, Map<String, GgufValue> metadata, Map<String, GgufTensor> tensors) {}

  /**
   * Reads and checks a header.
   *
   * @param architecture that {@code general.architecture} must say, or null for any
   * @throws CheckpointException if the file is damaged or of another architecture
   */
  static Content read(OpenFile file, @Nullable String architecture) throws IOException {
    GgufCursor cursor = new GgufCursor(file, Math.min(file.size(), MAX_BYTES));
    return new GgufHeader(cursor, file.size(), architecture).content();
  }

  /** The position at or after {@code position} that is a multiple of {@code alignment}. */
  static long aligned(long position, int alignment) {
    return (position + alignment - 1) / alignment * alignment;
  }

  private Content content() throws IOException {
    if (in.int32("the magic number") != MAGIC) {
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
    if (architecture != null && !metadata.containsKey(GgufFile.ARCHITECTURE)) {
      throw in.error("expected " + GgufFile.ARCHITECTURE + " " + architecture + ", found none");
    }
    Map<String, GgufTensor> relative = tensors(tensors);
    long start = aligned(in.position(), alignment);
    check(relative.values(), size - start);
    Map<String, GgufTensor> placed = new LinkedHashMap<>();
    relative.forEach(
        (name, t) ->
            placed.put(name, new GgufTensor(name, t.type(), t.shape(), start + t.offset())));
    return new Content(
        version, Collections.unmodifiableMap(metadata), Collections.unmodifiableMap(placed));
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
      if (key.equals(
          GgufFile.ARCHITECTURE)) { // at once: a model may have a large vocabulary to come
        requireArchitecture(value);
      } else if (key.equals(GgufFile.ALIGNMENT)) {
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
    if (architecture == null) {
      return;
    }
    String found =
        value.type() == GgufValue.Type.STRING
            ? Shown.quoted((String) value.decoded())
            : "no string";
    if (!found.equals(Shown.quoted(architecture))) {
      throw in.error(
          "expected "
              + GgufFile.ARCHITECTURE
              + " "
              + Shown.quoted(architecture)
              + ", found "
              + found);
    }
  }

  private int alignment(GgufValue value) {
    if (value.type() != GgufValue.Type.UINT32) {
      throw in.error(GgufFile.ALIGNMENT + " is of type " + value.type() + ", expected UINT32");
    }
    long found = (Long) value.decoded();
    if (found < 1 || found > MAX_ALIGNMENT || Long.bitCount(found) != 1) {
      throw in.error(
          GgufFile.ALIGNMENT
              + " is "
              + found
              + ", expected a power of two of at most "
              + MAX_ALIGNMENT);
    }
    return (int) found;
  }

  /** The tensors with offsets into the data. */
  private Map<String, GgufTensor> tensors(int count) throws IOException {
    Map<String, GgufTensor> all = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String name = in.string("the name of tensor " + i, MAX_NAME);
      String what = "tensor " + Shown.quoted(name);
      long[] shape = shape(what);
      GgufType type = tensorType(what);
      if ((shape.length == 0 ? 1 : shape[0]) % type.blockElements() != 0) {
        throw in.error(
            what
                + " has shape "
                + Arrays.toString(shape)
                + ", expected rows of a multiple of "
                + type.blockElements()
                + " numbers, as its type is "
                + type);
      }
      long offset = in.int64("the offset of " + what);
      if (all.put(name, new GgufTensor(name, type, shape, offset)) != null) {
        throw in.error(what + " occurs twice");
      }
    }
    return all;
  }

  private long[] shape(String what) throws IOException {
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
    long max = GgufType.MAX_PER_BYTE * size;
    long elements = 1;
    for (int d = 0; d < dimensions; d++) {
      shape[d] = in.int64("the shape of " + what);
      if (shape[d] < 0 || shape[d] > max || elements > max / Math.max(1, shape[d])) {
        throw in.error(
            what
                + " has more than "
                + max
                + " numbers, which the file has no room for: dimension "
                + d
                + " is "
                + Long.toUnsignedString(shape[d]));
      }
      elements *= shape[d];
    }
    return shape;
  }

  private GgufType tensorType(String what) throws IOException {
    int number = in.int32("the type of " + what);
    GgufType type = GgufType.of(number);
    if (type == null) {
      throw in.error(
          what
              + " has type "
              + Integer.toUnsignedString(number)
              + ", expected one of "
              + Arrays.stream(GgufType.values())
                  .map(t -> t.number() + " (" + t + ")")
                  .collect(Collectors.joining(", ")));
    }
    return type;
  }

  /** Checks that tensors lie within the data, aligned, and do not overlap. */
  private void check(Iterable<GgufTensor> tensors, long available) {
    List<GgufTensor> sorted = new ArrayList<>();
    tensors.forEach(sorted::add);
    sorted.sort(Comparator.comparingLong(GgufTensor::offset).thenComparingLong(GgufTensor::bytes));
    long end = 0;
    GgufTensor last = null;
    for (GgufTensor t : sorted) {
      String what = "tensor " + Shown.quoted(t.name());
      if (t.offset() < 0 || t.offset() % alignment != 0) {
        throw in.error(
            what
                + " is at offset "
                + Long.toUnsignedString(t.offset())
                + ", expected a multiple of "
                + alignment);
      }
      if (t.bytes() > available || t.offset() > available - t.bytes()) {
        throw in.error(
            what
                + " of type "
                + t.type()
                + " and shape "
                + Arrays.toString(t.shape())
                + " at offset "
                + t.offset()
                + " does not lie within the "
                + Math.max(0, available)
                + " bytes of data; the file may be truncated");
      }
      if (last != null && t.offset() < end) {
        throw in.error(what + " overlaps tensor " + Shown.quoted(last.name()));
      }
      end = t.offset() + t.bytes();
      last = t;
    }
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
