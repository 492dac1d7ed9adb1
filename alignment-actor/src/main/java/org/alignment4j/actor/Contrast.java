package org.alignment4j.actor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.chat.Prompt;

/**
 * Prompts whose wording does not give away their class: harmful ones worded like harmless ones, and
 * the reverse. Every other one is used to choose the layer, the rest to measure it. A missing class
 * is replaced by anchors of that class, each scored along a direction computed from other anchors.
 *
 * @param harmful may be empty if {@code harmless} is not
 * @param harmless may be empty if {@code harmful} is not
 */
record Contrast(List<Prompt> harmful, List<Prompt> harmless) {
  /** The part of the prompts that is used. */
  enum Part {
    CHOOSES,
    MEASURES,
    ALL
  }

  Contrast {
    harmful = List.copyOf(harmful);
    harmless = List.copyOf(harmless);
  }

  /** No contrast prompts. */
  static Contrast none() {
    return new Contrast(List.of(), List.of());
  }

  boolean isEmpty() {
    return harmful.isEmpty() && harmless.isEmpty();
  }

  int size() {
    return harmful.size() + harmless.size();
  }

  /** Returns these prompts without duplicates and without anchors. */
  Contrast without(List<Prompt> anchors) {
    return new Contrast(without(harmful, anchors), without(harmless, anchors));
  }

  private static List<Prompt> without(List<Prompt> prompts, List<Prompt> anchors) {
    Set<Prompt> left = new LinkedHashSet<>(prompts);
    anchors.forEach(left::remove);
    return new ArrayList<>(left);
  }

  /**
   * Returns the AUROC of scores.
   *
   * @param harmfulScores of {@link #harmful}
   * @param harmlessScores of {@link #harmless}
   * @param harmfulAnchors held-out scores, used if there are no harmful contrast prompts
   * @param benignAnchors held-out scores, used if there are no harmless contrast prompts
   */
  Auroc auroc(
      double[] harmfulScores,
      double[] harmlessScores,
      double[] harmfulAnchors,
      double[] benignAnchors,
      Part part) {
    return Auroc.of(
        of(harmful.isEmpty() ? harmfulAnchors : harmfulScores, part),
        of(harmless.isEmpty() ? benignAnchors : harmlessScores, part));
  }

  private static double[] of(double[] scores, Part part) {
    if (part == Part.ALL) {
      return scores;
    }
    int rest = part == Part.CHOOSES ? 0 : 1;
    return Arrays.stream(IntStream.range(0, scores.length).filter(i -> i % 2 == rest).toArray())
        .mapToDouble(i -> scores[i])
        .toArray();
  }
}
