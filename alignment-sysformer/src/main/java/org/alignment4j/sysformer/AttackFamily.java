package org.alignment4j.sysformer;

/** Kinds of {@link Attack}. Hold out whole families to see whether a guard carries over. */
public enum AttackFamily {
  /** The request in another alphabet. */
  ENCODING,
  /** The request's letters changed, still readable. */
  OBFUSCATION,
  /** Instructions on how the answer must begin or what it must not say. */
  INJECTION,
  /** A form that the answer must have. */
  STYLE,
  /** The request among others. */
  DISTRACTION,
  /** A role that is said to have no rules. */
  PERSONA,
  /** Several of these at once. */
  COMBINATION
}
