package org.alignment4j.data.filter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.alignment4j.data.filter.Deduplicator.Duplicate;
import org.alignment4j.data.internal.NormalText;
import org.alignment4j.internal.text.RougeL.CommonSubsequence;

/**
 * Kept rows as numbered words, compared by ROUGE-L; returns the first above the threshold.
 *
 * <p>With n and m words and c in common, F1 = 2 c / (n + m) > t. As c is at most m, m must be above
 * t n / (2 - t), and then so must c. Hence that many of a text's words may be ignored, the most
 * frequent first: a near duplicate still contains one of the others, and so is in that word's list
 * (prefix filtering, Chaudhuri et al. 2006).
 */
final class RougeLIndex implements DuplicateIndex {
  private static final int NEW_WORD = -1;

  private final double threshold;
  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<int[]> texts = new ArrayList<>();

  /** By word's number: the rows that contain it, ascending. */
  private final List<RowList> rowsOf = new ArrayList<>();

  private List<String> lastWords = List.of();

  RougeLIndex(double threshold) {
    this.threshold = threshold;
  }

  @Override
  public Duplicate.Reason reason() {
    return Duplicate.Reason.ROUGE_L;
  }

  @Override
  public Optional<Found> find(NormalText text) {
    lastWords = text.words();
    int[] words =
        lastWords.stream().mapToInt(word -> numbers.getOrDefault(word, NEW_WORD)).toArray();
    BitSet candidates = candidates(words);
    if (candidates.isEmpty()) {
      return Optional.empty();
    }
    CommonSubsequence sequence = CommonSubsequence.of(words);
    for (int row = candidates.nextSetBit(0); row >= 0; row = candidates.nextSetBit(row + 1)) {
      int[] other = texts.get(row);
      int both = words.length + other.length;
      if (2.0 * Math.min(words.length, other.length) / both > threshold) {
        double f1 = 2.0 * sequence.length(other) / both;
        if (f1 > threshold) {
          return Optional.of(new Found(row, f1));
        }
      }
    }
    return Optional.empty();
  }

  /** Returns all rows that can be above the threshold, and possibly others. */
  private BitSet candidates(int[] words) {
    Map<Integer, Long> counts =
        Arrays.stream(words)
            .filter(word -> word != NEW_WORD)
            .boxed()
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    List<Integer> frequentFirst = new ArrayList<>(counts.keySet());
    frequentFirst.sort(Comparator.comparingInt(word -> -rowsOf.get(word).size));
    // Rounding must not cause a relevant word to be ignored.
    double maxAside = threshold * words.length / (2 - threshold) - 1e-9;
    long aside = 0;
    BitSet candidates = new BitSet();
    for (Integer word : frequentFirst) {
      aside += counts.getOrDefault(word, 0L);
      if (aside > maxAside) {
        rowsOf.get(word).addTo(candidates);
      }
    }
    return candidates;
  }

  @Override
  public void keep(int row) {
    int[] words = new int[lastWords.size()];
    for (int i = 0; i < words.length; i++) {
      words[i] = numbers.computeIfAbsent(lastWords.get(i), word -> numbers.size());
      if (words[i] == rowsOf.size()) {
        rowsOf.add(new RowList());
      }
      rowsOf.get(words[i]).add(row);
    }
    texts.add(words);
  }

  private static final class RowList {
    private int[] rows = new int[2];
    private int size;

    void add(int row) {
      if (size > 0 && rows[size - 1] == row) {
        return;
      }
      if (size == rows.length) {
        rows = Arrays.copyOf(rows, size + (size >> 1) + 1);
      }
      rows[size++] = row;
    }

    void addTo(BitSet set) {
      for (int i = 0; i < size; i++) {
        set.set(rows[i]);
      }
    }
  }
}
