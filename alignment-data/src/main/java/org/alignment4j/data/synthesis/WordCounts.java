package org.alignment4j.data.synthesis;

import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.synthesis.SynthesisReport.LengthSummary;

/**
 * A histogram of texts by their number of words; memory grows with the number of distinct lengths.
 */
final class WordCounts {
  private final TreeMap<Integer, Long> counts = new TreeMap<>();
  private long texts;
  private long words;

  void add(int length) {
    counts.merge(length, 1L, Long::sum);
    texts++;
    words += length;
  }

  LengthSummary summary() {
    return new LengthSummary(
        texts,
        quantile(0.05),
        quantile(0.5),
        quantile(0.95),
        texts == 0 ? 0 : (double) words / texts);
  }

  /** Returns the smallest length that at least the share of texts does not exceed. */
  private int quantile(double share) {
    long wanted = (long) Math.ceil(share * texts);
    long seen = 0;
    for (Map.Entry<Integer, Long> entry : counts.entrySet()) {
      seen += entry.getValue();
      if (seen >= wanted) {
        return entry.getKey();
      }
    }
    return 0;
  }
}
