package org.alignment4j.data.synthesis;

import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.data.synthesis.SynthesisSettings.InstructionRules;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.synthesis.SynthesisReport.LengthSummary;
import org.alignment4j.synthesis.SynthesisReport.StyleBaseline;
import org.alignment4j.synthesis.SynthesizedPair;

/**
 * Lengths of pairs, and how well style alone separates chosen from rejected responses. Not
 * thread-safe.
 */
final class PairStatistics {
  private static final String ALL = "all";

  private final RefusalJudge refusals = new StringRefusalJudge();
  private final Map<String, Group> groups = new TreeMap<>();
  private final Group all = new Group();
  private long pairs;

  /** The counts of one category. */
  private static final class Group {
    private final WordCounts prompt = new WordCounts();
    private final WordCounts chosen = new WordCounts();
    private final WordCounts rejected = new WordCounts();
    private long n;
    private long longer;
    private long shorter;
    private long chosenRefuses;
    private long rejectedRefuses;
    private long onlyChosen;
    private long onlyRejected;

    private void add(int[] words, boolean better, boolean worse) {
      prompt.add(words[0]);
      chosen.add(words[1]);
      rejected.add(words[2]);
      n++;
      longer += words[1] > words[2] ? 1 : 0;
      shorter += words[1] < words[2] ? 1 : 0;
      chosenRefuses += better ? 1 : 0;
      rejectedRefuses += worse ? 1 : 0;
      onlyChosen += better && !worse ? 1 : 0;
      onlyRejected += worse && !better ? 1 : 0;
    }

    private StyleBaseline style() {
      return new StyleBaseline(
          new Rate(longer, longer + shorter),
          accuracy(longer, shorter),
          new Rate(chosenRefuses, n),
          new Rate(rejectedRefuses, n),
          accuracy(onlyChosen, onlyRejected));
    }

    /** Returns the accuracy of the better of two opposite rules; undecided pairs count half. */
    private double accuracy(long one, long other) {
      return (Math.max(one, other) + (n - one - other) / 2.0) / n;
    }

    private Map<String, LengthSummary> lengths() {
      return new TreeMap<>(
          Map.of(
              "prompt", prompt.summary(),
              "chosen", chosen.summary(),
              "rejected", rejected.summary()));
    }
  }

  void add(SynthesizedPair pair) {
    String prompt = pair.pair().prompt().last().text();
    int[] words = {
      InstructionRules.words(prompt),
      InstructionRules.words(pair.pair().chosen()),
      InstructionRules.words(pair.pair().rejected())
    };
    boolean better = refusals.judge(prompt, pair.pair().chosen()).isRefusal();
    boolean worse = refusals.judge(prompt, pair.pair().rejected()).isRefusal();
    groups.computeIfAbsent(pair.label(), label -> new Group()).add(words, better, worse);
    all.add(words, better, worse);
    pairs++;
  }

  long pairs() {
    return pairs;
  }

  Map<String, Map<String, LengthSummary>> lengths() {
    Map<String, Map<String, LengthSummary>> lengths = new TreeMap<>();
    groups.forEach((label, group) -> lengths.put(label, group.lengths()));
    return lengths;
  }

  Map<String, StyleBaseline> styles() {
    Map<String, StyleBaseline> styles = new TreeMap<>();
    groups.forEach((label, group) -> styles.put(label, group.style()));
    styles.put(ALL, all.style());
    return styles;
  }
}
