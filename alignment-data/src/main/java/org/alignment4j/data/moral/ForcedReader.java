package org.alignment4j.data.moral;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads answers from the probabilities of the options' forms after the stem. */
final class ForcedReader implements AnswerReader {
  private final ContinuationScorer scorer;
  private final String name;

  ForcedReader(ContinuationScorer scorer, String name) {
    this.scorer = scorer;
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String method() {
    return "forced " + scorer.fingerprint();
  }

  @Override
  public List<String> marks() {
    return scorer.marks();
  }

  @Override
  public List<String> reason(List<Question> questions) {
    return scorer.generate(questions);
  }

  @Override
  public List<Reading> read(List<Question> questions) {
    List<List<String>> continuations =
        questions.stream()
            .map(q -> q.options().stream().flatMap(o -> o.forms().stream()).toList())
            .toList();
    List<double[]> found = scorer.score(questions, continuations);
    List<Reading> readings = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      readings.add(reading(questions.get(i).options(), found.get(i)));
    }
    return readings;
  }

  private static Reading reading(List<Option> options, double[] logs) {
    double highest = Arrays.stream(logs).max().orElse(Double.NEGATIVE_INFINITY);
    if (logs.length == 0 || highest == Double.NEGATIVE_INFINITY || Double.isNaN(highest)) {
      return Reading.none(Status.UNREADABLE, options.size(), 0);
    }
    // Relative to the highest, so that small probabilities do not underflow before normalisation.
    double[] mass = new double[options.size()];
    double all = 0;
    int at = 0;
    for (int o = 0; o < mass.length; o++) {
      for (int f = 0; f < options.get(o).forms().size(); f++) {
        mass[o] += Math.exp(logs[at++] - highest);
      }
      all += mass[o];
    }
    List<Double> probabilities = new ArrayList<>();
    for (double m : mass) {
      probabilities.add(m / all);
    }
    return new Reading(Status.READ, probabilities, Math.min(1, all * Math.exp(highest)), 0, 0);
  }
}
