package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;

/**
 * The log-probabilities of one continuation of a text.
 *
 * @param ids the continuation's tokens [N]
 * @param logProbabilities natural logarithm of each token's probability, given all before it [N]
 */
public record ContinuationScore(int[] ids, float[] logProbabilities) {
  /** Copies the arrays. */
  public ContinuationScore {
    require(
        ids.length == logProbabilities.length,
        "%s tokens with %s log-probabilities",
        ids.length,
        logProbabilities.length);
    ids = ids.clone();
    logProbabilities = logProbabilities.clone();
  }

  @Override
  public int[] ids() {
    return ids.clone();
  }

  @Override
  public float[] logProbabilities() {
    return logProbabilities.clone();
  }

  /** The log-probability of the whole continuation, in nats; 0 without tokens. */
  public double sum() {
    double sum = 0;
    for (float p : logProbabilities) {
      sum += p;
    }
    return sum;
  }

  /** The mean log-probability per token, in nats; NaN without tokens. */
  public double mean() {
    return sum() / ids.length;
  }

  /** The score without the first {@code first} tokens. */
  ContinuationScore from(int first) {
    return new ContinuationScore(
        Arrays.copyOfRange(ids, first, ids.length),
        Arrays.copyOfRange(logProbabilities, first, ids.length));
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof ContinuationScore s
        && Arrays.equals(ids, s.ids)
        && Arrays.equals(logProbabilities, s.logProbabilities);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(ids) + Arrays.hashCode(logProbabilities);
  }
}
