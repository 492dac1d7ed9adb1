package org.alignment4j.evaluation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * ROUGE-L of two texts (Lin 2004): precision, recall and F1 of their longest common subsequence of
 * words. Words are runs of the letters a to z and digits in lower case, without stemming, as
 * Google's {@code rouge_score} has them. Immutable.
 *
 * @param common words of the longest common subsequence
 * @param candidateWords words of the text that is scored
 * @param referenceWords words of the text it is compared with
 */
public record RougeL(int common, int candidateWords, int referenceWords) {
  private static final Pattern WORD = Pattern.compile("[a-z0-9]+");

  /** Compares two texts in O(n m / 64) time and O(n + m) memory of their numbers of words. */
  public static RougeL of(String candidate, String reference) {
    return of(words(candidate), words(reference));
  }

  /** Compares two texts that are words already, such as from {@link #words}. */
  public static RougeL of(List<String> candidate, List<String> reference) {
    Map<String, Integer> numbers = new HashMap<>();
    boolean swap = candidate.size() < reference.size();
    CommonSubsequence shorter =
        CommonSubsequence.of(numbered(swap ? candidate : reference, numbers));
    int common = shorter.length(numbered(swap ? reference : candidate, numbers));
    return new RougeL(common, candidate.size(), reference.size());
  }

  private static int[] numbered(List<String> words, Map<String, Integer> numbers) {
    return words.stream()
        .mapToInt(word -> numbers.computeIfAbsent(word, w -> numbers.size()))
        .toArray();
  }

  /** The words of a text, in order. */
  public static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text.toLowerCase(Locale.ROOT));
    while (matcher.find()) {
      words.add(matcher.group());
    }
    return words;
  }

  /** Common words of the candidate's, 0 to 1; 0 if it has none. */
  public double precision() {
    return candidateWords == 0 ? 0 : (double) common / candidateWords;
  }

  /** Common words of the reference's, 0 to 1; 0 if it has none. */
  public double recall() {
    return referenceWords == 0 ? 0 : (double) common / referenceWords;
  }

  /** The harmonic mean of precision and recall, 0 to 1; 0 if a text has no words. */
  public double f1() {
    return common == 0 ? 0 : 2.0 * common / (candidateWords + referenceWords);
  }
}
