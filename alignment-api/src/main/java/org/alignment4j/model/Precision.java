package org.alignment4j.model;

import ai.djl.Device;
import java.nio.file.Path;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.GgufModel;
import org.alignment4j.internal.tensor.StorageType;

/**
 * The types in which a model stores its matrices and computes. Norms, softmax and everything that
 * is trained are always float32; hidden states and logits are returned as float32.
 */
public enum Precision {
  /** Float32 throughout: the reference, and the default. */
  FLOAT32(FloatMatrix.format(StorageType.F32), StorageType.F32, 6e-3),
  /** Bfloat16 throughout: half the memory; fast only where the device has instructions for it. */
  BFLOAT16(FloatMatrix.format(StorageType.BF16), StorageType.BF16, 5e-2),
  /** Float16 throughout; hidden states beyond 65504 overflow, as in some Gemma checkpoints. */
  FLOAT16(FloatMatrix.format(StorageType.F16), StorageType.F16, 6e-3),
  /** Bfloat16 matrices, widened as they are used: half the memory, float32 results, slower. */
  BFLOAT16_WEIGHTS(FloatMatrix.format(StorageType.BF16), StorageType.F32, 5e-2),
  /** Float16 matrices, widened as they are used. */
  FLOAT16_WEIGHTS(FloatMatrix.format(StorageType.F16), StorageType.F32, 6e-3),
  /**
   * Matrices of 8-bit integers with a float32 scale per output channel: a quarter of the memory,
   * and fast on processors with instructions for them. Activations keep 16 bits in products, 14 on
   * processors without such instructions, so that only the weights are rounded.
   */
  INT8(Int8Matrix.FORMAT, StorageType.F32, 1e-1),
  /**
   * Matrices of 4-bit integers with a bfloat16 scale and offset for each 32 elements of a row:
   * about 5 bits a weight. The integers of GGUF's Q4_0, Q4_1 and Q4_K are kept as they are; plain
   * numbers are rounded as Q4_1 does. What a file keeps in more than 4 bits, and the embedding
   * table, is in {@link #INT8}. Each product's inputs and outputs are rounded to bfloat16; sums are
   * float32. One sequence is generated faster than in INT8, with large matrices only on processors
   * with AVX-512; prompts and many sequences more slowly. On a device without such products all is
   * in INT8.
   */
  INT4(Int4Matrix.FORMAT, StorageType.F32, 5e-1);

  private final MatrixFormat format;
  private final StorageType compute;
  private final double maxRel;

  Precision(MatrixFormat format, StorageType compute, double maxRel) {
    this.format = format;
    this.compute = compute;
    this.maxRel = maxRel;
  }

  /**
   * The precision in which a model is loaded unless another is asked for: INT8 for a GGUF file most
   * of whose numbers are quantised, on a CPU; else FLOAT32.
   *
   * @throws org.alignment4j.core.CheckpointException if the file cannot be read
   */
  public static Precision defaultFor(Path model, Device device) {
    return !device.isGpu() && GgufFile.isGguf(model) && GgufModel.isQuantised(model)
        ? INT8
        : FLOAT32;
  }

  /** The storage format of matrices, with its kernels. */
  MatrixFormat format() {
    return format;
  }

  /** See {@link Parity#maxRel}. */
  double maxRel() {
    return maxRel;
  }

  /** The type in which matrices are stored. */
  StorageType storage() {
    return format.type();
  }

  /** The type in which products are computed; sums are accumulated in float32. */
  StorageType compute() {
    return compute;
  }

  /**
   * Bytes per stored element of the embedding table and most matrices, without scales. In INT4 two
   * elements of a matrix share a byte; see {@link ModelConfig#weightBytes}.
   */
  public int storageBytes() {
    return storage().bytes();
  }

  /** Bytes per element of an activation; sums are accumulated in float32. */
  public int computeBytes() {
    return compute.bytes();
  }
}
