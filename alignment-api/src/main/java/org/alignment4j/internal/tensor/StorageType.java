package org.alignment4j.internal.tensor;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The type of the elements of a stored tensor, little-endian, named as in the safetensors format.
 * Types narrower than a byte (F4, F6) are not supported.
 */
public enum StorageType {
  /** IEEE 754 double precision. */
  F64(8, Kind.FLOAT),
  /** IEEE 754 single precision. */
  F32(4, Kind.FLOAT),
  /** IEEE 754 half precision: 5 bits of exponent, 10 of fraction. */
  F16(2, Kind.FLOAT),
  /** Brain float: the upper half of an {@link #F32}. */
  BF16(2, Kind.FLOAT),
  /** Signed, 64 bits. */
  I64(8, Kind.INTEGER),
  /** Signed, 32 bits. */
  I32(4, Kind.INTEGER),
  /** Signed, 16 bits. */
  I16(2, Kind.INTEGER),
  /** Signed, 8 bits. */
  I8(1, Kind.INTEGER),
  /** Unsigned, 64 bits. */
  U64(8, Kind.INTEGER),
  /** Unsigned, 32 bits. */
  U32(4, Kind.INTEGER),
  /** Unsigned, 16 bits. */
  U16(2, Kind.INTEGER),
  /** Unsigned, 8 bits. */
  U8(1, Kind.INTEGER),
  /** One byte, 0 or 1. */
  BOOL(1, Kind.INTEGER),
  /** 8-bit float, 4 bits of exponent; copied, never converted. */
  F8_E4M3(1, Kind.OPAQUE),
  /** 8-bit float, 5 bits of exponent; copied, never converted. */
  F8_E5M2(1, Kind.OPAQUE),
  /** {@link #F8_E4M3} without infinities and negative zero; copied, never converted. */
  F8_E4M3FNUZ(1, Kind.OPAQUE),
  /** {@link #F8_E5M2} without infinities and negative zero; copied, never converted. */
  F8_E5M2FNUZ(1, Kind.OPAQUE),
  /** 8-bit power of two; copied, never converted. */
  F8_E8M0(1, Kind.OPAQUE),
  /** Two single-precision floats, real and imaginary; copied, never converted. */
  C64(8, Kind.OPAQUE);

  private enum Kind {
    FLOAT,
    INTEGER,
    OPAQUE
  }

  private static final Map<String, StorageType> BY_NAME = new HashMap<>();

  static {
    for (StorageType type : values()) {
      BY_NAME.put(type.safetensorsName(), type);
    }
  }

  private final int bytes;
  private final Kind kind;

  StorageType(int bytes, Kind kind) {
    this.bytes = bytes;
    this.kind = kind;
  }

  /** Bytes of one element: 1, 2, 4 or 8. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements can be read and written as float32: F64, F32, F16 and BF16. */
  public boolean isFloat() {
    return kind == Kind.FLOAT;
  }

  /** Whether elements can be read and written as long: all I and U types and BOOL. */
  public boolean isInteger() {
    return kind == Kind.INTEGER;
  }

  /** Returns a float rounded to this type, one of F32, F16 and BF16, and widened again. */
  public float rounded(float value) {
    return switch (this) {
      case F16 -> HalfPrecision.halfToFloat(HalfPrecision.floatToHalf(value));
      case BF16 -> HalfPrecision.bfloat16ToFloat(HalfPrecision.floatToBfloat16(value));
      default -> value;
    };
  }

  /** The number of this type in kernels. */
  public int engineType() {
    return switch (this) {
      case F64 -> 7;
      case F32 -> 6;
      case F16 -> 5;
      case BF16 -> 15;
      case I8 -> 1;
      case U8 -> 0;
      default -> throw new IllegalArgumentException("the engine does not compute in " + this);
    };
  }

  /** The {@code dtype} that safetensors headers use, e.g. "BF16". */
  public String safetensorsName() {
    return name();
  }

  /** Returns the type of a safetensors {@code dtype}, or empty if it is not known. */
  public static Optional<StorageType> ofSafetensors(String dtype) {
    return Optional.ofNullable(BY_NAME.get(dtype));
  }
}
