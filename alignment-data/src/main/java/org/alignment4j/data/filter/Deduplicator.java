package org.alignment4j.data.filter;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alignment4j.data.internal.NormalText;
import org.alignment4j.synthesis.SourceText;

/**
 * Tells, row by row, which texts repeat one that came before and was kept (Safer-Instruct, stage
 * 3). The same rows in the same order give the same answers. Memory grows with kept rows only, and
 * by exact and MinHash duplicates not with their length: about 100 and 800 bytes a row with the
 * default settings, beside the id. For one thread.
 */
public final class Deduplicator {
  private final List<DuplicateIndex> indexes;
  private final List<String> ids = new ArrayList<>();

  private Deduplicator(List<DuplicateIndex> indexes) {
    this.indexes = indexes;
  }

  /** Texts that are equal but for case, white space and Unicode's compatibility forms. */
  public static Deduplicator exact() {
    return new Deduplicator(List.of(new ExactIndex()));
  }

  /** The form in which {@link #exact} compares texts. */
  public static String normalForm(String text) {
    return NormalText.of(text).value();
  }

  /**
   * Texts that collide by MinHash (Broder 1997) and whose similarity is then estimated as at least
   * a threshold: with 14 bands of 8 rows over shingles of 3 words, texts of similarity 0.8 collide
   * in 92.4 %. Each row costs time linear in its length, whatever the number of rows.
   *
   * @param threshold Jaccard similarity of shingles, 0 to 1; 0 takes every collision
   */
  public static Deduplicator minHash(double threshold) {
    return minHash(new MinHash(), threshold);
  }

  static Deduplicator minHash(MinHash minHash, double threshold) {
    require(threshold >= 0 && threshold <= 1, "the threshold must be in 0..1, was %s", threshold);
    return new Deduplicator(List.of(new MinHashIndex(minHash, threshold)));
  }

  /**
   * Texts whose ROUGE-L F1 with a kept one is above a threshold, found without exception. A row is
   * compared with those kept that share enough of its rarer words; keeps every row's words, 4 bytes
   * each.
   *
   * @param threshold 0 to 1, exclusive of 1; the paper's is 0.7
   */
  public static Deduplicator rougeL(double threshold) {
    require(threshold >= 0 && threshold < 1, "the threshold must be in 0..1, was %s", threshold);
    return new Deduplicator(List.of(new RougeLIndex(threshold)));
  }

  /** Exact duplicates, then MinHash from 0.7 on, then ROUGE-L above 0.7. */
  public static Deduplicator standard() {
    return exact().then(minHash(0.7)).then(rougeL(0.7));
  }

  /**
   * One that drops what either drops; the first's reason goes first. Both must be unused, and are
   * used up by this.
   *
   * @throws IllegalArgumentException if either has been offered a row that it kept
   */
  public Deduplicator then(Deduplicator next) {
    require(ids.isEmpty() && next.ids.isEmpty(), "a deduplicator in use cannot be combined");
    List<DuplicateIndex> both = new ArrayList<>(indexes);
    both.addAll(next.indexes);
    return new Deduplicator(List.copyOf(both));
  }

  /**
   * Keeps a row, or says what it repeats.
   *
   * @param id the row's, for those that repeat it
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

  /** Keeps a source text, or says what it repeats. */
  public Optional<Duplicate> offer(SourceText text) {
    return offer(text.id(), text.text());
  }

  /** How many rows are kept. */
  public int kept() {
    return ids.size();
  }

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
      /** Their sets of shingles are alike, as MinHash estimates it. */
      MIN_HASH,
      /** F1 of their longest common subsequence of words. */
      ROUGE_L
    }
  }
}
