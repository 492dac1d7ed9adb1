package org.alignment4j.internal.tensor;

import java.util.Arrays;

/**
 * A tensor's name, type, shape and location in its file. Immutable: the shape is copied in and out.
 *
 * @param name the tensor's name, e.g. "model.layers.0.self_attn.q_proj.weight"
 * @param type the layout of one element
 * @param shape sizes from the slowest to the fastest axis; empty for a scalar
 * @param offset offset of the first byte in the file
 * @param bytes size of the data in bytes, elements x {@code type.bytes()}
 */
public record TensorInfo(String name, StorageType type, long[] shape, long offset, long bytes) {

  /** Copies the shape. */
  public TensorInfo {
    shape = shape.clone();
  }

  /** A copy of the sizes. */
  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** The number of elements: the product of the shape, 1 for a scalar. */
  public long elements() {
    return bytes / type.bytes();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorInfo o
        && name.equals(o.name)
        && type == o.type
        && Arrays.equals(shape, o.shape)
        && offset == o.offset
        && bytes == o.bytes;
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(shape);
  }

  @Override
  public String toString() {
    return name + " " + type + Arrays.toString(shape) + " at byte " + offset;
  }
}
