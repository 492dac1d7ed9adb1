package org.alignment4j.internal.tensor;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.OutOfMemoryException;

/**
 * A model's weights under the names, in the shapes and with the values that transformers gives
 * them, whatever the format of the files that hold them: safetensors or GGUF. Every file's header
 * is checked on opening. Safe for use by many threads at once.
 */
public interface Checkpoint extends AutoCloseable {
  /**
   * Opens the weights of a model: of a Hugging Face folder ({@code model.safetensors}, or the
   * shards that {@code model.safetensors.index.json} names), or a GGUF file and the other parts if
   * it is one of several.
   *
   * @throws CheckpointException if there are no weights, a part or tensor that an index names is
   *     missing, two parts hold the same tensor, or a file is damaged
   * @throws org.alignment4j.core.UnsupportedArchitectureException if a GGUF file is of an
   *     architecture that this version does not run
   */
  static Checkpoint open(Path path) {
    return GgufFile.isGguf(path) ? GgufModel.open(path) : SafetensorsFolder.open(path);
  }

  /** The folder or file that was opened. */
  Path origin();

  /** The files that hold the weights. */
  List<Path> files();

  /** The names of all tensors, in the files' order. */
  Set<String> names();

  /** Whether there is a tensor of this name. */
  default boolean contains(String name) {
    return names().contains(name);
  }

  /**
   * One tensor's shape, the type in which a copy in safetensors keeps it, and its place in its
   * file.
   *
   * @throws CheckpointException if there is no such tensor
   */
  TensorInfo info(String name);

  /**
   * Reads {@code into.remaining()} elements of a tensor as float32, row-major, from {@code
   * firstElement} on.
   *
   * @throws CheckpointException if there is no such tensor, it is of no float type or cannot be
   *     read
   */
  void read(String name, long firstElement, FloatBuffer into);

  /** Whether {@link #readRowGroups} reads a tensor. */
  default boolean isFourBit(String name) {
    return false;
  }

  /** Whether a tensor is stored in blocks of few bits an element, not as plain numbers. */
  default boolean isQuantised(String name) {
    return false;
  }

  /**
   * Reads elements of a tensor of 4 bits as they are.
   *
   * @param firstRow the first of the rows, whole ones, that are wanted
   * @throws CheckpointException if there is no such tensor or it cannot be read
   * @throws IllegalStateException if the tensor is not {@linkplain #isFourBit of 4 bits}
   */
  default void readRowGroups(String name, long firstRow, GgufGroups into) {
    throw new IllegalStateException(name + " is not of 4 bits");
  }

  /**
   * Reads a whole tensor as float32; see {@link #read}.
   *
   * @throws OutOfMemoryException if it does not fit in an array
   */
  default float[] floats(String name) {
    long elements = info(name).elements();
    String tooLarge =
        origin() + ": tensor " + name + " of " + elements + " elements does not fit in one array";
    if (elements > Integer.MAX_VALUE - 8) {
      throw new OutOfMemoryException(tooLarge);
    }
    try {
      float[] values = new float[(int) elements];
      read(name, 0, FloatBuffer.wrap(values));
      return values;
    } catch (OutOfMemoryError e) {
      throw OutOfMemoryException.of(tooLarge, e);
    }
  }

  /**
   * Whether two tensors have the same shape and, as float32, the same values.
   *
   * @throws CheckpointException if one of the tensors does not exist or is not of a float type
   */
  default boolean sameValues(String one, String other) {
    TensorInfo info = info(one);
    if (!Arrays.equals(info.shape(), info(other).shape())) {
      return false;
    }
    int compared = 1 << 18;
    FloatBuffer a = FloatBuffer.allocate(compared);
    FloatBuffer b = FloatBuffer.allocate(compared);
    for (long first = 0; first < info.elements(); first += compared) {
      int count = (int) Math.min(compared, info.elements() - first);
      read(one, first, a.clear().limit(count));
      read(other, first, b.clear().limit(count));
      if (!a.flip().equals(b.flip())) {
        return false;
      }
    }
    return true;
  }

  /** A tensor to be written as it is, in the type that {@link #info} gives. */
  TensorSource copy(String name);

  /** Closes all files. */
  @Override
  void close();
}
