package org.alignment4j.examples.demo;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Trains a byte-level byte-pair vocabulary on text.
 *
 * <p>Text is split as GPT-2 splits it and each part is encoded as UTF-8 bytes; the most frequent
 * pair of adjacent tokens is merged repeatedly. Ties go to the pair with the smaller ids, so the
 * same text yields the same vocabulary. Digits are never merged with each other: a number is as
 * many tokens as it has digits. Stateless; thread-safe.
 */
public final class BytePairTrainer {
  /** Splits a text as GPT-2 and Hugging Face's ByteLevel do. */
  private static final Pattern PARTS =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);

  private BytePairTrainer() {}

  /**
   * Trains a vocabulary.
   *
   * @param texts plain text, without control tokens
   * @param control control tokens; they take the first ids, in this order
   * @param size number of tokens of the vocabulary, including control tokens and the 256 bytes;
   *     fewer are returned if too few pairs occur twice
   */
  public static BytePairVocabulary train(Iterable<String> texts, List<String> control, int size) {
    int base = control.size() + 256;
    if (size < base) {
      throw new IllegalArgumentException("vocabulary of " + size + " < " + base);
    }
    List<Word> words = words(texts, control.size());
    List<byte[]> tokens = new ArrayList<>();
    for (String token : control) {
      tokens.add(token.getBytes(StandardCharsets.UTF_8));
    }
    for (int b = 0; b < 256; b++) {
      tokens.add(new byte[] {(byte) b});
    }
    Pairs pairs = new Pairs(tokens);
    for (int w = 0; w < words.size(); w++) {
      pairs.count(words.get(w), w, 1);
    }
    List<BytePairVocabulary.Merge> merges = new ArrayList<>();
    while (tokens.size() < size) {
      long best = pairs.mostFrequent();
      if (best < 0) {
        break;
      }
      int left = (int) (best >>> 32);
      int right = (int) best;
      int merged = tokens.size();
      byte[] a = tokens.get(left);
      byte[] b = tokens.get(right);
      byte[] both = Arrays.copyOf(a, a.length + b.length);
      System.arraycopy(b, 0, both, a.length, b.length);
      tokens.add(both);
      merges.add(new BytePairVocabulary.Merge(left, right));
      for (int w : pairs.wordsWith(best)) {
        Word word = words.get(w);
        pairs.count(word, w, -1);
        word.merge(left, right, merged);
        pairs.count(word, w, 1);
      }
    }
    return new BytePairVocabulary(control, tokens.subList(control.size(), tokens.size()), merges);
  }

  private static List<Word> words(Iterable<String> texts, int firstByte) {
    Map<String, Integer> counts = new TreeMap<>();
    for (String text : texts) {
      Matcher matcher = PARTS.matcher(text);
      while (matcher.find()) {
        counts.merge(matcher.group(), 1, Integer::sum);
      }
    }
    List<Word> words = new ArrayList<>(counts.size());
    counts.forEach(
        (text, count) -> {
          byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
          int[] ids = new int[bytes.length];
          for (int i = 0; i < ids.length; i++) {
            ids[i] = firstByte + (bytes[i] & 0xff);
          }
          words.add(new Word(ids, count));
        });
    return words;
  }

  /** One distinct part of the text, as token ids. */
  private static final class Word {
    private final int count;
    private int[] ids;

    Word(int[] ids, int count) {
      this.ids = ids;
      this.count = count;
    }

    void merge(int left, int right, int merged) {
      int[] out = new int[ids.length];
      int n = 0;
      for (int i = 0; i < ids.length; i++) {
        if (i + 1 < ids.length && ids[i] == left && ids[i + 1] == right) {
          out[n++] = merged;
          i++;
        } else {
          out[n++] = ids[i];
        }
      }
      ids = Arrays.copyOf(out, n);
    }
  }

  /** Counts of adjacent pairs, and the words that contain each. */
  private static final class Pairs {
    private final List<byte[]> tokens;
    private final Map<Long, Long> counts = new HashMap<>();
    private final Map<Long, Set<Integer>> wordsByPair = new HashMap<>();

    Pairs(List<byte[]> tokens) {
      this.tokens = tokens;
    }

    void count(Word word, int index, int sign) {
      for (int i = 0; i + 1 < word.ids.length; i++) {
        int left = word.ids[i];
        int right = word.ids[i + 1];
        if (endsInDigit(left) && startsWithDigit(right)) {
          continue;
        }
        long pair = ((long) left << 32) | right;
        long change = (long) sign * word.count;
        counts.merge(pair, change, (a, b) -> a + b == 0 ? null : a + b);
        if (sign > 0) {
          wordsByPair.computeIfAbsent(pair, p -> new TreeSet<>()).add(index);
        }
      }
    }

    /** Returns the most frequent pair that occurs at least twice; -1 if there is none. */
    long mostFrequent() {
      long best = -1;
      long highest = 1;
      for (Map.Entry<Long, Long> entry : counts.entrySet()) {
        long count = entry.getValue();
        if (count > highest || (count == highest && best >= 0 && entry.getKey() < best)) {
          best = entry.getKey();
          highest = count;
        }
      }
      return best;
    }

    /** Removes a pair and returns the words that contain it. */
    Set<Integer> wordsWith(long pair) {
      Set<Integer> words = wordsByPair.remove(pair);
      return words == null ? Set.of() : words;
    }

    private boolean endsInDigit(int id) {
      byte[] bytes = tokens.get(id);
      return digit(bytes[bytes.length - 1]);
    }

    private boolean startsWithDigit(int id) {
      return digit(tokens.get(id)[0]);
    }

    private static boolean digit(byte b) {
      return b >= '0' && b <= '9';
    }
  }
}
