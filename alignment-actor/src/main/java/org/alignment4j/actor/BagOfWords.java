package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.internal.statistics.Folds;

/**
 * A bag-of-words classifier: naive Bayes on word presence with add-one smoothing, like
 * scikit-learn's MultinomialNB on binary counts. Classes that it separates differ in wording or
 * topic, so hidden states that separate them as well show no more than that. Immutable and
 * thread-safe.
 */
final class BagOfWords {
  private static final int FOLDS = 5;

  /** log p(word | positive) - log p(word | negative). */
  private final Map<String, Double> logOdds;

  private BagOfWords(Map<String, Double> logOdds) {
    this.logOdds = logOdds;
  }

  /**
   * Trains a classifier on texts of two classes.
   *
   * @throws IllegalArgumentException if a class has no texts
   */
  public static BagOfWords fit(List<String> positives, List<String> negatives) {
    require(!positives.isEmpty() && !negatives.isEmpty(), "a class has no texts");
    Map<String, int[]> counts = new HashMap<>();
    int[] totals = new int[2];
    count(positives, 0, counts, totals);
    count(negatives, 1, counts, totals);
    double ratio =
        Math.log(totals[1] + (double) counts.size()) - Math.log(totals[0] + (double) counts.size());
    Map<String, Double> odds = new HashMap<>();
    counts.forEach((word, c) -> odds.put(word, Math.log(c[0] + 1) - Math.log(c[1] + 1) + ratio));
    return new BagOfWords(odds);
  }

  private static void count(List<String> texts, int kind, Map<String, int[]> counts, int[] totals) {
    for (String text : texts) {
      for (String word : words(text)) {
        counts.computeIfAbsent(word, w -> new int[2])[kind]++;
        totals[kind]++;
      }
    }
  }

  /**
   * Log-odds that a text is of the positive class, with equal priors; unknown words are skipped.
   */
  public double logOdds(String text) {
    return words(text).stream().mapToDouble(word -> logOdds.getOrDefault(word, 0.0)).sum();
  }

  /** {@link #logOdds} of each text. */
  public double[] logOdds(List<String> texts) {
    return texts.stream().mapToDouble(this::logOdds).toArray();
  }

  /**
   * AUROC on held-out texts, by 5-fold cross-validation; NaN without two distinct texts of each
   * class.
   */
  public static Auroc heldOut(List<String> positives, List<String> negatives) {
    Folds folds = Folds.of(positives, negatives, FOLDS);
    if (!folds.validates()) {
      return Auroc.of(new double[0], new double[0]);
    }
    List<double[]> high = new ArrayList<>();
    List<double[]> low = new ArrayList<>();
    for (int f = 0; f < folds.count(); f++) {
      BagOfWords fit =
          fit(some(positives, folds.otherPositives(f)), some(negatives, folds.otherNegatives(f)));
      high.add(fit.logOdds(some(positives, folds.positives(f))));
      low.add(fit.logOdds(some(negatives, folds.negatives(f))));
    }
    return Auroc.ofFolds(high, low);
  }

  private static List<String> some(List<String> texts, int[] which) {
    return Arrays.stream(which).mapToObj(texts::get).toList();
  }

  /**
   * The distinct words of a text, in lower case: runs of letters, marks and digits; in scripts
   * written without spaces, single characters.
   */
  static Set<String> words(String text) {
    Set<String> words = new LinkedHashSet<>();
    StringBuilder word = new StringBuilder();
    text.toLowerCase(Locale.ROOT)
        .codePoints()
        .forEach(
            c -> {
              boolean part = isPart(c);
              if (!part || isWord(c)) {
                end(word, words);
              }
              if (part) {
                word.appendCodePoint(c);
                if (isWord(c)) {
                  end(word, words);
                }
              }
            });
    end(word, words);
    return words;
  }

  private static void end(StringBuilder word, Set<String> words) {
    if (word.length() > 0) {
      words.add(word.toString());
      word.setLength(0);
    }
  }

  private static boolean isPart(int c) {
    return Character.isLetterOrDigit(c)
        || switch (Character.getType(c)) {
          case Character.NON_SPACING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.ENCLOSING_MARK ->
              true;
          default -> false;
        };
  }

  private static boolean isWord(int c) {
    if (c < 0x0E00) {
      return false; // no script without spaces lies below Thai
    }
    return switch (Character.UnicodeScript.of(c)) {
      case HAN, HIRAGANA, KATAKANA, THAI, LAO, KHMER, MYANMAR -> true;
      default -> false;
    };
  }
}
