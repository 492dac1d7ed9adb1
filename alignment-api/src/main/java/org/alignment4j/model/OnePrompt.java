package org.alignment4j.model;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sequences that begin with the same prompt.
 *
 * @param sequences indices of the sequences, ascending
 * @param longest number of tokens of the longest
 * @param tokens number of tokens, the prompt counted once
 * @param all number of tokens, the prompt counted for each
 */
record OnePrompt(List<Integer> sequences, int longest, int tokens, int all) {
  /**
   * Each sequence in one of the results, in order of the first ones.
   *
   * @param starts number of tokens of each one's prompt
   * @param fits called before a sequence is added to others of its prompt
   */
  static List<OnePrompt> of(List<int[]> sequences, int[] starts, Bound fits) {
    List<OnePrompt> all = new ArrayList<>();
    Map<IntBuffer, Integer> last = new HashMap<>();
    for (int i = 0; i < starts.length; i++) {
      int[] ids = sequences.get(i);
      IntBuffer prompt = IntBuffer.wrap(ids, 0, starts[i]);
      OnePrompt own = new OnePrompt(List.of(i), ids.length, ids.length, ids.length);
      Integer at = last.get(prompt);
      OnePrompt both = at == null ? own : all.get(at).with(own, starts[i]);
      if (at != null && fits.holds(both)) {
        all.set(at, both);
      } else {
        last.put(prompt, all.size());
        all.add(own);
      }
    }
    return all;
  }

  /** The limit on what runs at once. */
  interface Bound {
    boolean holds(OnePrompt sequences);
  }

  /** These and others, of which some first tokens are shared. */
  OnePrompt with(OnePrompt other, int shared) {
    List<Integer> both = new ArrayList<>(sequences);
    both.addAll(other.sequences);
    return new OnePrompt(
        both, Math.max(longest, other.longest), tokens + other.tokens - shared, all + other.all);
  }

  /** Number of positions of the padded rows. */
  long cells() {
    return (long) sequences.size() * longest;
  }
}
