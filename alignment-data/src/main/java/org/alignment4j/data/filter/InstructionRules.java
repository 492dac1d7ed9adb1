package org.alignment4j.data.filter;

import static org.alignment4j.core.Arguments.require;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The cheap rules for an instruction that was induced from a text (Safer-Instruct, stage 3): its
 * length, and that it does not quote the text. Words are runs of letters and digits, without case;
 * scripts that put no spaces between words count each character. Immutable.
 *
 * @param minWords fewest words, at least 1
 * @param maxWords most words, at least minWords
 * @param maxCopyRatio the copy ratio must be below it; above 0, and above 1 to allow anything
 */
public record InstructionRules(int minWords, int maxWords, double maxCopyRatio) {
  /** 3 to 150 words, copy ratio below 0.5. */
  public static final InstructionRules STANDARD = new InstructionRules(3, 150, 0.5);

  /** Why an instruction is dropped. */
  public enum Flaw {
    /** Fewer words than allowed. */
    TOO_SHORT,
    /** More words than allowed. */
    TOO_LONG,
    /** It repeats too much of the text, or most of it is from the text. */
    COPIED
  }

  /**
   * @throws IllegalArgumentException if a number is out of its range
   */
  public InstructionRules {
    require(
        minWords >= 1 && minWords <= maxWords,
        "words must be 1 or more and in order, were %d to %d",
        minWords,
        maxWords);
    require(maxCopyRatio > 0, "the highest copy ratio must be above 0, was %s", maxCopyRatio);
  }

  /**
   * What is wrong with an instruction; empty if nothing is.
   *
   * @param text the text from which it was induced
   */
  public Optional<Flaw> check(String instruction, String text) {
    int words = words(instruction);
    if (words < minWords) {
      return Optional.of(Flaw.TOO_SHORT);
    }
    if (words > maxWords) {
      return Optional.of(Flaw.TOO_LONG);
    }
    return copyRatio(instruction, text) < maxCopyRatio
        ? Optional.empty()
        : Optional.of(Flaw.COPIED);
  }

  /** The number of words; 0 without a letter or digit. */
  public static int words(String text) {
    return NormalText.of(text).plainWords().size();
  }

  /**
   * The longest run of words that two texts have in common, over the number of words of the shorter
   * one: 1 if one is wholly in the other, 0 if they share no word or one has none. So both a text
   * that is mostly quotation and one that gives the other away are high. Linear in time and memory.
   */
  public static double copyRatio(String a, String b) {
    List<String> first = NormalText.of(a).plainWords();
    List<String> second = NormalText.of(b).plainWords();
    int shorter = Math.min(first.size(), second.size());
    return shorter == 0 ? 0 : (double) longestRun(first, second) / shorter;
  }

  private static int longestRun(List<String> a, List<String> b) {
    boolean swap = a.size() > b.size();
    Map<String, Integer> numbers = new HashMap<>();
    SuffixAutomaton runs = new SuffixAutomaton();
    for (String word : swap ? b : a) {
      runs.add(numbers.computeIfAbsent(word, w -> numbers.size()));
    }
    int[] other =
        (swap ? a : b).stream().mapToInt(word -> numbers.getOrDefault(word, -1)).toArray();
    return runs.longestRun(other);
  }
}
