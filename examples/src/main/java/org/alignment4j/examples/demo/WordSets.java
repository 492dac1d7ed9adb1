package org.alignment4j.examples.demo;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds texts that share most of their words with a text of a collection.
 *
 * <p>The measure is the Jaccard index of the sets of words, lower case without punctuation. A
 * hyphen or apostrophe inside a word may join or split it; the variant with the higher index is
 * used. An inverted index makes the search nearly linear in the words of the query.
 */
final class WordSets {
  private static final Pattern PUNCTUATION = Pattern.compile("[^\\p{L}\\p{N}\\s]+");
  private static final Pattern SPACE = Pattern.compile("\\s+");

  private final Index joined = new Index();
  private final Index split = new Index();

  void add(String text) {
    joined.add(words(text, ""));
    split.add(words(text, " "));
  }

  /** Returns the highest Jaccard index of the text with any text added, 0 to 1. */
  double nearest(String text) {
    return Math.max(joined.nearest(words(text, "")), split.nearest(words(text, " ")));
  }

  /** Returns the Jaccard index of two texts, 0 to 1. */
  static double jaccard(String a, String b) {
    WordSets one = new WordSets();
    one.add(a);
    return one.nearest(b);
  }

  private static Set<String> words(String text, String punctuation) {
    String plain =
        PUNCTUATION.matcher(text.toLowerCase(Locale.ROOT)).replaceAll(punctuation).strip();
    return plain.isEmpty() ? Set.of() : new LinkedHashSet<>(List.of(SPACE.split(plain, -1)));
  }

  private static final class Index {
    private final List<Integer> sizes = new ArrayList<>();
    private final Map<String, List<Integer>> postings = new HashMap<>();

    void add(Set<String> words) {
      int id = sizes.size();
      sizes.add(words.size());
      for (String word : words) {
        postings.computeIfAbsent(word, w -> new ArrayList<>()).add(id);
      }
    }

    double nearest(Set<String> words) {
      int[] shared = new int[sizes.size()];
      double best = 0;
      for (String word : words) {
        for (int id : postings.getOrDefault(word, List.of())) {
          shared[id]++;
          best = Math.max(best, (double) shared[id] / (words.size() + sizes.get(id) - shared[id]));
        }
      }
      return best;
    }
  }
}
