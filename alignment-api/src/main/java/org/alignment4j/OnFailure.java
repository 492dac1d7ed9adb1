package org.alignment4j;

/** What a guard that fails, gives no verdict or is late stands for. */
public enum OnFailure {
  /** Fail open: answer, unguarded. */
  ALLOW,
  /** Fail closed: do not answer. */
  BLOCK
}
