package org.alignment4j.data.filter;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds texts of evaluation sets among training texts: a run of 13 words in common, or equality as
 * a whole where the texts are shorter. So a short evaluation prompt is found where it is the whole
 * text, not inside a longer one. Check prompts and responses one by one. Immutable; threads may
 * share it.
 */
public final class Decontamination {
  private final List<EvaluationSet> sets;

  private Decontamination(List<EvaluationSet> sets) {
    this.sets = List.copyOf(sets);
  }

  /**
   * A text that is in an evaluation set.
   *
   * @param set the set's name
   * @param firstWord where the common run begins, in words from 0
   * @param words how many the common run has; below 13 it is the whole text
   */
  public record Match(String set, int firstWord, int words) {}

  /** Against the sets whose hashes come along: XSTest, JailbreakBench, StrongREJECT, AdvBench. */
  public static Decontamination standard() {
    return new Decontamination(EvaluationSet.shipped());
  }

  /** Against the given sets alone. */
  public static Decontamination of(List<EvaluationSet> sets) {
    return new Decontamination(sets);
  }

  /** Against one more set. */
  public Decontamination with(EvaluationSet set) {
    List<EvaluationSet> more = new ArrayList<>(sets);
    more.add(set);
    return new Decontamination(more);
  }

  /** The sets, in the order in which they are looked through. */
  public List<EvaluationSet> sets() {
    return sets;
  }

  /**
   * The first run of words that is in a set; empty if there is none. Two different runs are taken
   * for one with probability 5e-20 for each hash in the sets.
   */
  public Optional<Match> find(String text) {
    TextHashes hashes = TextHashes.of(text, EvaluationSet.RUN);
    for (int i = 0; i < hashes.values().length; i++) {
      for (EvaluationSet set : sets) {
        if (set.contains(hashes.values()[i])) {
          return Optional.of(new Match(set.name(), i, hashes.words()));
        }
      }
    }
    return Optional.empty();
  }
}
