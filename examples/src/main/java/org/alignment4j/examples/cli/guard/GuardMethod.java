package org.alignment4j.examples.cli.guard;

/** Methods of {@code guard train}. */
enum GuardMethod {
  SYSFORMER,
  EMBEDDER,
  DRO,
  LORA;

  /** Whether it has several weighted losses, which a grid can vary. */
  boolean hasLosses() {
    return this == SYSFORMER || this == EMBEDDER;
  }

  /** Whether it is trained on target responses. */
  boolean hasTargets() {
    return this != DRO;
  }

  /** Whether the trained prompt depends on the request. */
  boolean isAdaptive() {
    return this == SYSFORMER;
  }
}
