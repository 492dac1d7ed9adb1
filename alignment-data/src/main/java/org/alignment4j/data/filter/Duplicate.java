package org.alignment4j.data.filter;

/**
 * What a dropped row repeats. Immutable.
 *
 * @param of the id of a kept row
 * @param reason in what sense the two are the same
 * @param similarity 1 if exact, else as the reason measures it, 0 to 1
 */
public record Duplicate(String of, Reason reason, double similarity) {
  /** In what sense two texts are the same. */
  public enum Reason {
    /** Equal but for case, white space and Unicode's compatibility forms. */
    EXACT,
    /** Their sets of shingles are alike, as {@link MinHash} estimates it. */
    MIN_HASH,
    /** F1 of their longest common subsequence of words. */
    ROUGE_L
  }
}
