package org.alignment4j.model;

import java.util.Set;

/**
 * The values of config.json's keys where the file omits them: the defaults of transformers'
 * configuration class, which does not save values equal to them.
 *
 * @param vocabulary V
 * @param width D
 * @param mlpWidth F
 * @param blocks L
 * @param heads H
 * @param kvHeads K, or {@link #DERIVED} for the number of heads
 * @param headSize E, or {@link #DERIVED} for D / H
 * @param contextLength in tokens
 * @param normEps added to the mean square in the norms
 * @param slidingWindow in tokens, 0 for none
 * @param originalContext before a rotary scaling, or {@link #DERIVED} for the context length
 * @param ends ids that end a text
 */
record FamilyDefaults(
    int vocabulary,
    int width,
    int mlpWidth,
    int blocks,
    int heads,
    int kvHeads,
    int headSize,
    int contextLength,
    double normEps,
    int slidingWindow,
    int originalContext,
    Set<Integer> ends) {
  /** Marks a number that is derived from another one. */
  static final int DERIVED = -1;

  static FamilyDefaults of(Family family) {
    int as = DERIVED;
    return switch (family) {
      case LLAMA ->
          new FamilyDefaults(32000, 4096, 11008, 32, 32, as, as, 2048, 1e-6, 0, as, Set.of(2));
      case MISTRAL ->
          new FamilyDefaults(32000, 4096, 14336, 32, 32, 8, as, 131072, 1e-6, 4096, as, Set.of(2));
      case QWEN2 ->
          new FamilyDefaults(151936, 4096, 22016, 32, 32, 32, as, 32768, 1e-6, 4096, as, Set.of());
      case QWEN3 ->
          new FamilyDefaults(151936, 4096, 22016, 32, 32, 32, 128, 32768, 1e-6, 4096, as, Set.of());
      case GEMMA ->
          new FamilyDefaults(256000, 3072, 24576, 28, 16, 16, 256, 8192, 1e-6, 0, as, Set.of(1));
      case GEMMA2 ->
          new FamilyDefaults(256000, 2304, 9216, 26, 8, 4, 256, 8192, 1e-6, 4096, as, Set.of(1));
      case PHI3 ->
          new FamilyDefaults(32064, 3072, 8192, 32, 32, as, as, 4096, 1e-5, 0, 4096, Set.of(32000));
    };
  }
}
