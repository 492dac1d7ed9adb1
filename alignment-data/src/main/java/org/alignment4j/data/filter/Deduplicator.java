package org.alignment4j.data.filter;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alignment4j.data.internal.NormalText;
import org.alignment4j.synthesis.SourceText;

/**
 * Finds, row by row, texts that duplicate an earlier kept one (Safer-Instruct, stage 3).
 * Deterministic for the same rows in the same order. Memory grows with the number of kept rows; for
 * exact and MinHash duplicates it does not depend on their length: about 100 and 800 bytes per row
 * with the default settings, plus the id. Not thread-safe.
 */
public final class Deduplicator {
  private final List<DuplicateIndex> indexes;
  private final List<String> ids = new ArrayList<>();

  private Deduplicator(List<DuplicateIndex> indexes) {
    this.indexes = indexes;
  }

  /**
   * Returns a deduplicator of texts that are equal up to case, white space and Unicode's
   * compatibility forms.
   */
  public static Deduplicator exact() {
    return new Deduplicator(List.of(new ExactIndex()));
  }

  /** Returns the form in which {@link #exact} compares texts. */
  public static String normalForm(String text) {
    return NormalText.of(text).value();
  }

  /**
   * Returns a deduplicator of texts that collide by MinHash (Broder 1997) and whose estimated
   * similarity is at least a threshold: with 14 bands of 8 rows over shingles of 3 words, texts of
   * similarity 0.8 collide in 92.4 %. The time per row is linear in its length, independent of the
   * number of rows.
   *
   * @param threshold Jaccard similarity of shingles, 0 to 1; 0 accepts every collision
   */
  public static Deduplicator minHash(double threshold) {
    return minHash(new MinHash(), threshold);
  }

  static Deduplicator minHash(MinHash minHash, double threshold) {
    require(threshold >= 0 && threshold <= 1, "the threshold must be in 0..1, was %s", threshold);
    return new Deduplicator(List.of(new MinHashIndex(minHash, threshold)));
  }

  /**
   * Returns a deduplicator of texts whose ROUGE-L F1 with a kept one is above a threshold; none is
   * missed. A row is compared with the kept ones that share enough of its rarer words; stores the
   * words of every kept row, 4 bytes each.
   *
   * @param threshold threshold in [0, 1); the paper's is 0.7
   */
  public static Deduplicator rougeL(double threshold) {
    require(threshold >= 0 && threshold < 1, "the threshold must be in 0..1, was %s", threshold);
    return new Deduplicator(List.of(new RougeLIndex(threshold)));
  }

  /**
   * Returns a deduplicator by exact duplicates, then MinHash of at least 0.7, then ROUGE-L above
   * 0.7.
   */
  public static Deduplicator standard() {
    return exact().then(minHash(0.7)).then(rougeL(0.7));
  }

  /**
   * Returns a deduplicator that drops what either drops; if both do, with this one's reason. Both
   * must be unused, and must not be used afterwards.
   *
   * @throws IllegalArgumentException if either has kept a row
   */
  public Deduplicator then(Deduplicator next) {
    require(ids.isEmpty() && next.ids.isEmpty(), "a deduplicator in use cannot be combined");
    List<DuplicateIndex> both = new ArrayList<>(indexes);
    both.addAll(next.indexes);
    return new Deduplicator(List.copyOf(both));
  }

  /**
   * Keeps a row, or returns which row it duplicates.
   *
   * @param id the row's id, reported for its duplicates
   * @return empty if the row is kept
   */
  public Optional<Duplicate> offer(String id, String text) {
    NormalText normal = NormalText.of(text);
    for (DuplicateIndex index : indexes) {
      Optional<DuplicateIndex.Found> found = index.find(normal);
      if (found.isPresent()) {
        DuplicateIndex.Found like = found.get();
        return Optional.of(new Duplicate(ids.get(like.row()), index.reason(), like.similarity()));
      }
    }
    for (DuplicateIndex index : indexes) {
      index.keep(ids.size());
    }
    ids.add(id);
    return Optional.empty();
  }

  /** Keeps a source text, or returns which one it duplicates. */
  public Optional<Duplicate> offer(SourceText text) {
    return offer(text.id(), text.text());
  }

  /** Returns the number of kept rows. */
  public int kept() {
    return ids.size();
  }

  /**
   * The kept row that a dropped one duplicates. Immutable.
   *
   * @param of the id of the kept row
   * @param reason the criterion by which the two are duplicates
   * @param similarity 1 if exact, else as the reason measures it, 0 to 1
   */
  public record Duplicate(String of, Reason reason, double similarity) {
    /** The criterion by which two texts are duplicates. */
    public enum Reason {
      /** Equal up to case, white space and Unicode's compatibility forms. */
      EXACT,
      /** The Jaccard similarity of their shingles, estimated by MinHash. */
      MIN_HASH,
      /** F1 of their longest common subsequence of words. */
      ROUGE_L
    }
  }
}
