package org.alignment4j.examples.cli.overrefusal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ContrastPairs;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Capture;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;

/**
 * The over-refuser's hidden states at the last token of tuning prompts, at every layer, and which
 * of the prompts it refuses: what all fitted methods are fitted to, so that one pass serves them.
 *
 * @param states [N, D] by class of prompt and layer
 * @param refused by class of prompt that is safe or contrast
 * @param written by class: the number of the library's own pair that a prompt belongs to, or -1
 * @param seconds duration of the passes, which every fitted method would take
 */
record StudyStates(
    Map<Kind, SortedMap<Layer, float[][]>> states,
    Map<Kind, boolean[]> refused,
    Map<Kind, int[]> written,
    double seconds) {
  private static final int TOKENS = 12;

  /** Class of a tuning prompt. */
  enum Kind {
    HARMFUL,
    BENIGN,
    SAFE,
    CONTRAST
  }

  static StudyStates of(LanguageModel model, ActorPrompts prompts) {
    long begin = System.nanoTime();
    Map<Kind, List<Prompt>> all = new LinkedHashMap<>();
    all.put(Kind.HARMFUL, prompts.harmful());
    all.put(Kind.BENIGN, prompts.benign());
    all.put(Kind.SAFE, prompts.pseudoHarmful());
    all.put(Kind.CONTRAST, prompts.contrast());
    Capture capture = Capture.layers(1, model.config().blocks(), TokenPositions.lastPrompt());
    ContrastPairs pairs = ContrastPairs.generate(ContrastPairs.available(), 1);
    Map<Prompt, Integer> numbers = new HashMap<>();
    for (int i = 0; i < pairs.harmless().size(); i++) {
      numbers.put(pairs.harmless().get(i), i);
      numbers.put(pairs.harmful().get(i), i);
    }
    Map<Kind, SortedMap<Layer, float[][]>> states = new LinkedHashMap<>();
    Map<Kind, boolean[]> refused = new LinkedHashMap<>();
    Map<Kind, int[]> written = new LinkedHashMap<>();
    all.forEach(
        (kind, some) -> {
          states.put(kind, model.capture(some, capture).byLayer());
          written.put(kind, some.stream().mapToInt(p -> numbers.getOrDefault(p, -1)).toArray());
          if (kind == Kind.SAFE || kind == Kind.CONTRAST) {
            String verdicts =
                Answers.judged(some, Subject.asking(model, p -> p).answers(some, TOKENS));
            refused.put(kind, flags(some.size(), i -> verdicts.charAt(i) == 'r'));
          }
        });
    return new StudyStates(states, refused, written, (System.nanoTime() - begin) / 1e9);
  }

  private static boolean[] flags(int n, IntPredicate flag) {
    boolean[] flags = new boolean[n];
    for (int i = 0; i < n; i++) {
      flags[i] = flag.test(i);
    }
    return flags;
  }

  /** Whether some safe prompts are refused, and some prompts answered: methods compare them. */
  boolean tellsRefusals() {
    Layer any = of(Kind.SAFE).firstKey();
    return at(any, true, Kind.SAFE).length > 0
        && at(any, false, Kind.SAFE, Kind.CONTRAST).length > 0;
  }

  /** States [N, D] of some classes at a layer. */
  float[][] at(Layer layer, Kind... kinds) {
    return Arrays.stream(kinds)
        .flatMap(k -> Arrays.stream(java.util.Objects.requireNonNull(of(k).get(layer))))
        .toArray(float[][]::new);
  }

  /** States of the prompts of some classes that are refused, or of those that are answered. */
  float[][] at(Layer layer, boolean wanted, Kind... kinds) {
    List<float[]> rows = new ArrayList<>();
    for (Kind kind : kinds) {
      boolean[] own = java.util.Objects.requireNonNull(refused.get(kind));
      rows.addAll(chosen(layer, kind, i -> own[i] == wanted));
    }
    return rows.toArray(float[][]::new);
  }

  /**
   * States at some layers of the library's own pairs that are there on both sides, in one order.
   */
  SortedMap<Layer, float[][]> pairs(List<Layer> layers, Kind kind) {
    int[] numbers = java.util.Objects.requireNonNull(written.get(kind));
    int[] both =
        Arrays.stream(java.util.Objects.requireNonNull(written.get(Kind.SAFE)))
            .filter(
                n ->
                    n >= 0
                        && Arrays.stream(
                                java.util.Objects.requireNonNull(written.get(Kind.CONTRAST)))
                            .anyMatch(m -> m == n))
            .toArray();
    SortedMap<Layer, float[][]> some = new TreeMap<>();
    for (Layer l : layers) {
      List<float[]> rows = new ArrayList<>();
      for (int pair : both) {
        rows.addAll(chosen(l, kind, i -> numbers[i] == pair));
      }
      some.put(l, rows.toArray(float[][]::new));
    }
    return some;
  }

  private List<float[]> chosen(Layer layer, Kind kind, IntPredicate wanted) {
    float[][] all = java.util.Objects.requireNonNull(of(kind).get(layer));
    return IntStream.range(0, all.length).filter(wanted).mapToObj(i -> all[i]).toList();
  }

  /** States of a class at some layers. */
  SortedMap<Layer, float[][]> at(List<Layer> layers, Kind... kinds) {
    SortedMap<Layer, float[][]> some = new TreeMap<>();
    layers.forEach(l -> some.put(l, at(l, kinds)));
    return some;
  }

  private SortedMap<Layer, float[][]> of(Kind kind) {
    return java.util.Objects.requireNonNull(states.get(kind));
  }
}
