package org.alignment4j.internal.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * ROUGE-L of two texts (Lin 2004): precision, recall and F1 of their longest common subsequence of
 * words. Words are runs of the letters a to z and digits in lower case, without stemming, as in
 * Google's {@code rouge_score}. Immutable.
 *
 * @param common number of words of the longest common subsequence
 * @param candidateWords number of words of the scored text
 * @param referenceWords number of words of the reference text
 */
public record RougeL(int common, int candidateWords, int referenceWords) {
  private static final Pattern WORD = Pattern.compile("[a-z0-9]+");

  /** Compares two texts in O(n m / 64) time and O(n + m) memory of their numbers of words. */
  public static RougeL of(String candidate, String reference) {
    return of(words(candidate), words(reference));
  }

  /** Compares two lists of words, such as those of {@link #words}. */
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

  /** The share of the candidate's words that are common, 0 to 1; 0 if it has none. */
  public double precision() {
    return candidateWords == 0 ? 0 : (double) common / candidateWords;
  }

  /** The share of the reference's words that are common, 0 to 1; 0 if it has none. */
  public double recall() {
    return referenceWords == 0 ? 0 : (double) common / referenceWords;
  }

  /** The harmonic mean of precision and recall, 0 to 1; 0 if a text has no words. */
  public double f1() {
    return common == 0 ? 0 : 2.0 * common / (candidateWords + referenceWords);
  }

  /**
   * A sequence of numbered words, preprocessed to compute the lengths of its longest common
   * subsequences with many others: 64 of its words are compared in one step (Crochemore et al.
   * 2001, in the form of Hyyrö 2004). Immutable and thread-safe.
   */
  public static final class CommonSubsequence {
    /** Fibonacci hashing: 2^32 over the golden ratio. */
    private static final int GOLDEN = 0x9E3779B9;

    private final int size;
    private final int blocks;

    /** [slots] Distinct tokens under open addressing, at most half of the slots taken. */
    private final int[] tokens;

    /** [slots + 1] The start of each slot's runs; a free slot has none. */
    private final int[] begins;

    /** [runs] The block of 64 words, ascending within a slot. */
    private final int[] block;

    /** [runs] The positions of the slot's token in the block, one bit per word. */
    private final long[] positions;

    private CommonSubsequence(int[] sequence) {
      size = sequence.length;
      blocks = (size + 63) >>> 6;
      int slots = Integer.highestOneBit(Math.max(1, size)) << 2;
      tokens = new int[slots];
      begins = new int[slots + 1];
      int[] slotOf = new int[size];
      int[] lastBlock = new int[slots];
      Arrays.fill(lastBlock, -1);
      for (int i = 0; i < size; i++) {
        int slot = home(sequence[i]);
        while (lastBlock[slot] >= 0 && tokens[slot] != sequence[i]) {
          slot = (slot + 1) & (slots - 1);
        }
        slotOf[i] = slot;
        tokens[slot] = sequence[i];
        if (lastBlock[slot] < i >>> 6) {
          lastBlock[slot] = i >>> 6;
          begins[slot + 1]++;
        }
      }
      for (int slot = 0; slot < slots; slot++) {
        begins[slot + 1] += begins[slot];
      }
      block = new int[begins[slots]];
      positions = new long[begins[slots]];
      int[] next = Arrays.copyOf(begins, slots);
      for (int i = 0; i < size; i++) {
        int slot = slotOf[i];
        int run = next[slot];
        if (run == begins[slot] || block[run - 1] != i >>> 6) {
          next[slot]++;
        } else {
          run--;
        }
        block[run] = i >>> 6;
        positions[run] |= 1L << i;
      }
    }

    /**
     * Preprocesses a sequence in O(n) time and memory.
     *
     * @param sequence [n] word numbers; equal numbers are equal words
     */
    public static CommonSubsequence of(int[] sequence) {
      return new CommonSubsequence(sequence);
    }

    /**
     * The length of the longest common subsequence with another, 0 to the shorter length, in at
     * most O(m n / 64) time.
     *
     * @param other [m] word numbers of the same numbering
     */
    public int length(int[] other) {
      if (size == 0) {
        return 0;
      }
      return blocks == 1 ? inOneBlock(other) : inBlocks(other);
    }

    // A zero bit i of v says that the longest common subsequence grows at word i of this sequence.
    private int inOneBlock(int[] other) {
      long v = -1;
      for (int token : other) {
        int slot = slot(token);
        if (slot >= 0) {
          long u = v & positions[begins[slot]];
          v = (v + u) | (v - u);
        }
      }
      return Long.bitCount(~v & lastMask());
    }

    private int inBlocks(int[] other) {
      long[] v = new long[blocks];
      Arrays.fill(v, -1);
      for (int token : other) {
        int slot = slot(token);
        if (slot >= 0) {
          step(v, begins[slot], begins[slot + 1]);
        }
      }
      int length = Long.bitCount(~v[blocks - 1] & lastMask());
      for (int b = 0; b < blocks - 1; b++) {
        length += Long.bitCount(~v[b]);
      }
      return length;
    }

    /** Blocks without the token change only by a carry from the block below. */
    private void step(long[] v, int run, int end) {
      long carry = 0;
      int b = block[run];
      while (b < blocks) {
        boolean occurs = run < end && block[run] == b;
        long old = v[b];
        long u = occurs ? old & positions[run++] : 0;
        long sum = old + u;
        long total = sum + carry;
        carry = Long.compareUnsigned(sum, old) < 0 || (carry == 1 && total == 0) ? 1 : 0;
        v[b] = total | (old - u);
        if (carry == 1) {
          b++;
        } else {
          b = run < end ? block[run] : blocks;
        }
      }
    }

    private long lastMask() {
      return -1L >>> (-size & 63);
    }

    /** The token's slot; -1 if it does not occur. */
    private int slot(int token) {
      int mask = tokens.length - 1;
      for (int slot = home(token); begins[slot] < begins[slot + 1]; slot = (slot + 1) & mask) {
        if (tokens[slot] == token) {
          return slot;
        }
      }
      return -1;
    }

    private int home(int token) {
      return (token * GOLDEN) >>> (Integer.numberOfLeadingZeros(tokens.length) + 1);
    }
  }
}
