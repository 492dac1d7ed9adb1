package org.alignment4j.internal.tensor;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** Converts stored little-endian floats of one type to float32, a chunk at a time. */
final class FloatDecoder {
  private final StorageType type;
  private final double[] doubles;
  private final short[] shorts;
  private final float[] floats;

  /**
   * @param type F64, F32, F16 or BF16
   * @param chunk maximum number of elements decoded at once
   */
  FloatDecoder(StorageType type, int chunk) {
    this.type = type;
    this.doubles = new double[type == StorageType.F64 ? chunk : 0];
    this.shorts = new short[type.bytes() == 2 ? chunk : 0];
    this.floats = new float[type == StorageType.F32 ? 0 : chunk];
  }

  /** Decodes all of {@code bytes}, which must be little-endian, into {@code into}. */
  void decode(ByteBuffer bytes, FloatBuffer into) {
    int n = bytes.remaining() / type.bytes();
    if (type == StorageType.F32) {
      into.put(bytes.asFloatBuffer());
      return;
    }
    boolean direct = into.hasArray(); // spares a copy
    float[] to = direct ? into.array() : floats;
    int at = direct ? into.arrayOffset() + into.position() : 0;
    switch (type) {
      case F64 -> {
        bytes.asDoubleBuffer().get(doubles, 0, n);
        for (int i = 0; i < n; i++) {
          to[at + i] = (float) doubles[i];
        }
      }
      case F16 -> {
        bytes.asShortBuffer().get(shorts, 0, n);
        HalfPrecision.halfToFloat(shorts, to, at, n);
      }
      case BF16 -> {
        bytes.asShortBuffer().get(shorts, 0, n);
        HalfPrecision.bfloat16ToFloat(shorts, to, at, n);
      }
      default -> throw new IllegalStateException("not a float type: " + type);
    }
    if (direct) {
      into.position(into.position() + n);
    } else {
      into.put(to, 0, n);
    }
  }
}
