package org.alignment4j.data.filter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.alignment4j.data.filter.Deduplicator.Duplicate;
import org.alignment4j.data.internal.NormalText;

/**
 * Signatures of kept rows in one hash table of their bands. Of the rows that collide, the most
 * similar is returned, and of equally similar ones the first.
 */
final class MinHashIndex implements DuplicateIndex {
  private static final int EMPTY = -1;

  private final MinHash minHash;
  private final double threshold;
  private final List<int[]> signatures = new ArrayList<>();

  /** [slots] The newest entry, row * bands + band, of each slot's chain. */
  private int[] heads = new int[1 << 10];

  /** [kept rows * bands, or more] The next entry of each entry in its chain. */
  private int[] next = new int[1 << 10];

  private int[] last = new int[0];

  MinHashIndex(MinHash minHash, double threshold) {
    this.minHash = minHash;
    this.threshold = threshold;
    Arrays.fill(heads, EMPTY);
  }

  @Override
  public Duplicate.Reason reason() {
    return Duplicate.Reason.MIN_HASH;
  }

  @Override
  public Optional<Found> find(NormalText text) {
    last = minHash.signature(text);
    int best = -1;
    double similarity = threshold;
    for (int band = 0; band < minHash.bands(); band++) {
      for (int entry = heads[slot(last, band)]; entry != EMPTY; entry = next[entry]) {
        int row = entry / minHash.bands();
        if (row == best || entry % minHash.bands() != band || !agree(row, band)) {
          continue;
        }
        double estimate = MinHash.similarity(last, signatures.get(row));
        boolean better = estimate > similarity || (estimate == similarity && best < 0);
        if (better || (estimate == similarity && row < best)) {
          best = row;
          similarity = estimate;
        }
      }
    }
    return best < 0 ? Optional.empty() : Optional.of(new Found(best, similarity));
  }

  @Override
  public void keep(int row) {
    signatures.add(last);
    int end = Math.multiplyExact(signatures.size(), minHash.bands());
    if (end > next.length) {
      next = Arrays.copyOf(next, Math.max(end, next.length + (next.length >> 1)));
    }
    if (end > heads.length) {
      heads = new int[heads.length << 1];
      Arrays.fill(heads, EMPTY);
      for (int each = 0; each < row; each++) {
        link(each);
      }
    }
    link(row);
  }

  private void link(int row) {
    for (int band = 0; band < minHash.bands(); band++) {
      int entry = row * minHash.bands() + band;
      int slot = slot(signatures.get(row), band);
      next[entry] = heads[slot];
      heads[slot] = entry;
    }
  }

  private boolean agree(int row, int band) {
    int from = band * minHash.rows();
    int to = from + minHash.rows();
    return Arrays.equals(last, from, to, signatures.get(row), from, to);
  }

  private int slot(int[] signature, int band) {
    long hash = band;
    for (int k = band * minHash.rows(); k < (band + 1) * minHash.rows(); k++) {
      hash = (hash ^ signature[k]) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 32;
    }
    return (int) hash & (heads.length - 1);
  }
}
