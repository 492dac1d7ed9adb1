package org.alignment4j.internal.tensor;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One metadata value of a GGUF file, kept as it is stored: large arrays then cost no more than in
 * the file, and writing gives the same bytes. Immutable: the array is not copied.
 *
 * @param type what it is
 * @param raw the value's bytes, little-endian: a string with its length, an array with its type and
 *     count
 */
public record GgufValue(Type type, byte[] raw) {
  /** What a value is. */
  public enum Type {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    STRING(8, 0),
    ARRAY(9, 0),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    /** The type's number in a file. */
    final int number;

    /** Bytes of a value, 0 if they differ from value to value. */
    final int bytes;

    Type(int number, int bytes) {
      this.number = number;
      this.bytes = bytes;
    }

    /** The type of a number in a file, null if there is none. */
    static @Nullable Type of(int number) {
      for (Type type : values()) {
        if (type.number == number) {
          return type;
        }
      }
      return null;
    }
  }

  /** A string. */
  public static GgufValue of(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return new GgufValue(
        Type.STRING, little(Long.BYTES + utf8.length).putLong(utf8.length).put(utf8).array());
  }

  /** An unsigned 32-bit number. */
  public static GgufValue ofUint32(int value) {
    return new GgufValue(Type.UINT32, little(Integer.BYTES).putInt(value).array());
  }

  /** A float32 number. */
  public static GgufValue ofFloat32(float value) {
    return new GgufValue(Type.FLOAT32, little(Float.BYTES).putFloat(value).array());
  }

  /** A truth value. */
  public static GgufValue ofBool(boolean value) {
    return new GgufValue(Type.BOOL, new byte[] {(byte) (value ? 1 : 0)});
  }

  /** An array of strings. */
  public static GgufValue ofTexts(List<String> texts) {
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    raw.writeBytes(arrayHead(Type.STRING, texts.size()));
    texts.forEach(text -> raw.writeBytes(of(text).raw));
    return new GgufValue(Type.ARRAY, raw.toByteArray());
  }

  /** An array of signed 32-bit numbers. */
  public static GgufValue ofInt32s(int[] values) {
    byte[] raw = new byte[Integer.BYTES * (3 + values.length)];
    ByteBuffer all = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    all.put(arrayHead(Type.INT32, values.length)).asIntBuffer().put(values);
    return new GgufValue(Type.ARRAY, raw);
  }

  /** An array of float32 numbers. */
  public static GgufValue ofFloat32s(float[] values) {
    byte[] raw = new byte[Integer.BYTES * (3 + values.length)];
    ByteBuffer all = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    all.put(arrayHead(Type.FLOAT32, values.length)).asFloatBuffer().put(values);
    return new GgufValue(Type.ARRAY, raw);
  }

  private static byte[] arrayHead(Type element, int count) {
    return little(Integer.BYTES + Long.BYTES).putInt(element.number).putLong(count).array();
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The value in Java: Long for integers (an UINT64 of 2^63 or more comes out negative), Float,
   * Double, Boolean, String, or a List of these.
   */
  public Object decoded() {
    return decode(type, ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN));
  }

  private static Object decode(Type type, ByteBuffer in) {
    return switch (type) {
      case UINT8 -> (long) (in.get() & 0xff);
      case INT8 -> (long) in.get();
      case UINT16 -> (long) (in.getShort() & 0xffff);
      case INT16 -> (long) in.getShort();
      case UINT32 -> in.getInt() & 0xffff_ffffL;
      case INT32 -> (long) in.getInt();
      case UINT64, INT64 -> in.getLong();
      case FLOAT32 -> in.getFloat();
      case FLOAT64 -> in.getDouble();
      case BOOL -> in.get() != 0;
      case STRING -> {
        byte[] utf8 = new byte[(int) in.getLong()];
        in.get(utf8);
        yield new String(utf8, StandardCharsets.UTF_8);
      }
      case ARRAY -> {
        Type element = Objects.requireNonNull(Type.of(in.getInt()));
        long count = in.getLong();
        List<Object> all = new ArrayList<>();
        for (long i = 0; i < count; i++) {
          all.add(decode(element, in));
        }
        yield all;
      }
    };
  }

  /**
   * The elements of an array of strings, which {@link #decoded} would give with an object more for
   * each; null if this is another value.
   */
  public String @Nullable [] strings() {
    ByteBuffer in = elements(Type.STRING);
    if (in == null) {
      return null;
    }
    String[] all = new String[Math.toIntExact(in.getLong())];
    for (int i = 0; i < all.length; i++) {
      all[i] = (String) decode(Type.STRING, in);
    }
    return all;
  }

  /** The elements of an array of INT32 or UINT32; null if this is another value. */
  public int @Nullable [] ints() {
    ByteBuffer in = elements(Type.INT32, Type.UINT32);
    if (in == null) {
      return null;
    }
    int[] all = new int[Math.toIntExact(in.getLong())];
    in.asIntBuffer().get(all);
    return all;
  }

  /** The elements of an array of FLOAT32; null if this is another value. */
  public float @Nullable [] floats() {
    ByteBuffer in = elements(Type.FLOAT32);
    if (in == null) {
      return null;
    }
    float[] all = new float[Math.toIntExact(in.getLong())];
    in.asFloatBuffer().get(all);
    return all;
  }

  /** An array's bytes from its count on, if its elements are of one of these types. */
  private @Nullable ByteBuffer elements(Type... types) {
    if (type != Type.ARRAY) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    Type element = Type.of(in.getInt());
    return Arrays.asList(types).contains(element) ? in : null;
  }

  @Override
  public boolean equals(@Nullable Object o) {
    return o instanceof GgufValue v && type == v.type && Arrays.equals(raw, v.raw);
  }

  @Override
  public int hashCode() {
    return 31 * type.hashCode() + Arrays.hashCode(raw);
  }

  @Override
  public String toString() {
    return type + " of " + raw.length + " bytes";
  }
}
