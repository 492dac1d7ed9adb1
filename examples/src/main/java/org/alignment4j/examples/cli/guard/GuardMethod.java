package org.alignment4j.examples.cli.guard;

/** How {@code guard train} learns. */
enum GuardMethod {
  SYSFORMER,
  EMBEDDER,
  DRO,
  LORA;

  /** Whether it weighs several losses, which a grid can choose among. */
  boolean hasLosses() {
    return this == SYSFORMER || this == EMBEDDER;
  }

  /** Whether it learns answers. */
  boolean hasTargets() {
    return this != DRO;
  }

  /** Whether what it learns reads the request. */
  boolean isAdaptive() {
    return this == SYSFORMER;
  }
}
