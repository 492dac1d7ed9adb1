package org.alignment4j.model;

import org.alignment4j.tensor.StorageType;

/**
 * In what a model's matrices are kept and in what it computes. Norms, softmax and everything that
 * is trained are float32 in each; hidden states and logits come back as float32.
 */
public enum Precision {
  /** Float32 throughout: the reference, and the default. */
  FLOAT32(StorageType.F32, StorageType.F32),
  /** Bfloat16 throughout: half the memory; fast only where the device has instructions for it. */
  BFLOAT16(StorageType.BF16, StorageType.BF16),
  /** Float16 throughout; hidden states beyond 65504 overflow, as in some Gemma checkpoints. */
  FLOAT16(StorageType.F16, StorageType.F16),
  /** Bfloat16 matrices, widened as they are used: half the memory, float32 results, slower. */
  BFLOAT16_WEIGHTS(StorageType.BF16, StorageType.F32),
  /** Float16 matrices, widened as they are used. */
  FLOAT16_WEIGHTS(StorageType.F16, StorageType.F32);

  private final StorageType storage;
  private final StorageType compute;

  Precision(StorageType storage, StorageType compute) {
    this.storage = storage;
    this.compute = compute;
  }

  /** What matrices are kept in. */
  public StorageType storage() {
    return storage;
  }

  /** What products are computed in; sums are carried in float32. */
  public StorageType compute() {
    return compute;
  }
}
