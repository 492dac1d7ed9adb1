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
 * @param tokens number of tokens, the prompt counted once
 */
record OnePrompt(List<Integer> sequences, int tokens) {
  /**
   * Each sequence in one of the results, in order of the first ones.
   *
   * @param starts number of tokens of each one's prompt
   * @param most maximum number of tokens in a result; a single sequence may exceed it
   */
  static List<OnePrompt> of(List<int[]> sequences, int[] starts, int most) {
    List<OnePrompt> all = new ArrayList<>();
    Map<IntBuffer, Integer> last = new HashMap<>();
    for (int i = 0; i < starts.length; i++) {
      int[] ids = sequences.get(i);
      IntBuffer prompt = IntBuffer.wrap(ids, 0, starts[i]);
      Integer at = last.get(prompt);
      int added = ids.length - starts[i];
      if (at != null && all.get(at).tokens + added <= most) {
        OnePrompt before = all.get(at);
        before.sequences.add(i);
        all.set(at, new OnePrompt(before.sequences, before.tokens + added));
      } else {
        last.put(prompt, all.size());
        all.add(new OnePrompt(new ArrayList<>(List.of(i)), ids.length));
      }
    }
    return all;
  }
}
