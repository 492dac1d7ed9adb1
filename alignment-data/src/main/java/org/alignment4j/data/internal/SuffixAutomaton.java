package org.alignment4j.data.internal;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The runs of a sequence of numbered words, in space linear in its length (Blumer et al. 1985). Not
 * thread-safe.
 */
public final class SuffixAutomaton {
  /** The runs that end at the same positions; {@code length} is that of the longest. */
  private static final class State {
    private final int length;
    private final Map<Integer, State> next;

    /** The state of the shorter runs that end at more positions; null at the root. */
    private @Nullable State link;

    State(int length, Map<Integer, State> next, @Nullable State link) {
      this.length = length;
      this.next = next;
      this.link = link;
    }
  }

  private final State root = new State(0, new HashMap<>(), null);
  private State whole = root;

  public void add(int word) {
    State added = new State(whole.length + 1, new HashMap<>(2), root);
    State state = whole;
    while (state != null && !state.next.containsKey(word)) {
      state.next.put(word, added);
      state = state.link;
    }
    if (state != null) {
      added.link = split(state, word);
    }
    whole = added;
  }

  /**
   * Returns the state of state's longest run followed by word, which may have to be split from
   * longer ones.
   */
  private static State split(State state, int word) {
    State old = get(state, word);
    if (old.length == state.length + 1) {
      return old;
    }
    State parted = new State(state.length + 1, new HashMap<>(old.next), old.link);
    old.link = parted;
    for (State s = state; s != null && s.next.get(word) == old; s = s.link) {
      s.next.put(word, parted);
    }
    return parted;
  }

  /** Returns the length of the longest run that another sequence has in common. */
  public int longestRun(int[] other) {
    int longest = 0;
    int length = 0;
    State state = root;
    for (int word : other) {
      while (state.link != null && !state.next.containsKey(word)) {
        state = state.link;
        length = state.length;
      }
      if (state.next.containsKey(word)) {
        state = get(state, word);
        length++;
      }
      longest = Math.max(longest, length);
    }
    return longest;
  }

  private static State get(State state, int word) {
    return Objects.requireNonNull(state.next.get(word));
  }
}
