package org.alignment4j.data.moral;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.analysis.Holm;
import org.alignment4j.core.Provenance;
import org.alignment4j.data.moral.AnswerReader.Reading;
import org.alignment4j.data.moral.AnswerReader.Status;
import org.alignment4j.data.moral.MoralExperiment.Condition;
import org.alignment4j.data.moral.MoralReport.Answer;
import org.alignment4j.data.moral.MoralReport.Change;
import org.alignment4j.data.moral.MoralReport.Readability;
import org.alignment4j.data.moral.MoralReport.Score;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.internal.statistics.SignFlip;
import org.jspecify.annotations.Nullable;

/** Computes a report from readings: scores, intervals, tests. */
final class MoralScoring {
  /** If the score of the question alone is closer to 0, its change has no percentage. */
  static final double TINY = 0.01;

  static final double LOW_COVERAGE = 0.5;
  static final int PERMUTATIONS = 9999;

  private final MoralExperiment experiment;
  private final Bootstrap bootstrap;
  private final SignFlip signFlip;
  private final ScoreSums tally;
  private final List<ScoreSums.Name> names;
  private final List<String> categories;

  MoralScoring(MoralExperiment experiment, Bootstrap bootstrap, SignFlip signFlip) {
    this.experiment = experiment;
    this.bootstrap = bootstrap;
    this.signFlip = signFlip;
    this.tally = experiment.tally();
    this.names = tally.names();
    this.categories = experiment.items().stream().map(MoralItem::category).distinct().toList();
  }

  /** Sums by category and cluster. */
  private record Clusters(List<List<double[]>> sums, int width) {
    int[] sizes() {
      return sums.stream().mapToInt(List::size).toArray();
    }

    /** Returns the sums by category, with the given multiplicity of each cluster. */
    double[][] totals(int[][] counts) {
      double[][] totals = new double[sums.size()][width];
      for (int c = 0; c < totals.length; c++) {
        for (int k = 0; k < counts[c].length; k++) {
          int count = counts[c][k];
          if (count > 0) {
            double[] own = sums.get(c).get(k);
            for (int i = 0; i < width; i++) {
              totals[c][i] += count * own[i];
            }
          }
        }
      }
      return totals;
    }
  }

  /**
   * Returns the report.
   *
   * @param known warnings that cannot be derived from readings, first in the report
   */
  MoralReport report(
      Map<Condition, @Nullable Reading[]> readings,
      AnswerReader reader,
      List<String> known,
      Provenance provenance) {
    List<String> warnings = new ArrayList<>(known);
    List<Readability> readable = new ArrayList<>();
    List<Score> scores = new ArrayList<>();
    List<Change> changes = new ArrayList<>();
    List<Answer> answers = new ArrayList<>();
    readings.forEach(
        (condition, own) -> {
          readable.add(readability(condition, own));
          scores.addAll(scores(condition, own));
          answers.addAll(answers(condition, own));
        });
    @Nullable Reading[] question = readings.get(Condition.QUESTION);
    if (question != null) {
      readings.forEach(
          (condition, own) -> {
            if (condition != Condition.QUESTION) {
              changes.addAll(changes(condition, question, own));
            }
          });
    }
    warnings.addAll(ScoreWarnings.of(experiment, readable, scores));
    return new MoralReport(
        experiment.name(),
        reader.name(),
        reader.method(),
        experiment.roles(),
        readable,
        scores,
        adjusted(changes),
        answers,
        reader.marks(),
        warnings,
        provenance);
  }

  private static boolean[] read(@Nullable Reading[] readings) {
    boolean[] read = new boolean[readings.length];
    for (int i = 0; i < read.length; i++) {
      Reading own = readings[i];
      read[i] = own != null && own.isRead();
    }
    return read;
  }

  /** Returns the items that are scored, given which have been read. */
  private int[] scored(boolean[] read) {
    return IntStream.range(0, read.length).filter(i -> tally.scored(i, read)).toArray();
  }

  private Clusters clusters(List<@Nullable Reading[]> conditions, int[] items) {
    int width = tally.width();
    List<Map<String, double[]>> found = new ArrayList<>();
    categories.forEach(c -> found.add(new LinkedHashMap<>()));
    for (int i : items) {
      MoralItem item = experiment.items().get(i);
      double[] sums =
          found
              .get(categories.indexOf(item.category()))
              .computeIfAbsent(item.cluster(), c -> new double[conditions.size() * width]);
      for (int c = 0; c < conditions.size(); c++) {
        Reading reading = conditions.get(c)[i];
        if (reading != null) {
          double[] own = tally.of(i, reading);
          for (int k = 0; k < width; k++) {
            sums[c * width + k] += own[k];
          }
        }
      }
    }
    List<List<double[]>> sums = new ArrayList<>();
    for (Map<String, double[]> category : found) {
      // A category without answers has one empty cluster, so that its scores come out as NaN.
      sums.add(
          category.isEmpty()
              ? List.of(new double[conditions.size() * width])
              : List.copyOf(category.values()));
    }
    return new Clusters(sums, conditions.size() * width);
  }

  private List<Score> scores(Condition condition, @Nullable Reading[] own) {
    int[] items = scored(read(own));
    List<@Nullable Reading[]> one = new ArrayList<>();
    one.add(own);
    Clusters clusters = clusters(one, items);
    List<Interval> intervals =
        bootstrap.clustered(clusters.sizes(), counts -> tally.scores(clusters.totals(counts)));
    List<Score> scores = new ArrayList<>();
    for (int k = 0; k < names.size(); k++) {
      ScoreSums.Name name = names.get(k);
      Interval value = intervals.get(k);
      if (name.score().equals("rho") && items.length >= 4) {
        value = Correlation.fisherInterval(value.estimate(), items.length, bootstrap.level());
      }
      scores.add(new Score(condition, name.score(), name.group(), value));
    }
    return scores;
  }

  private List<Change> changes(
      Condition condition, @Nullable Reading[] question, @Nullable Reading[] own) {
    boolean[] both = read(own);
    boolean[] first = read(question);
    for (int i = 0; i < both.length; i++) {
      both[i] &= first[i];
    }
    int[] items = scored(both);
    List<@Nullable Reading[]> pair = new ArrayList<>();
    pair.add(own);
    pair.add(question);
    Clusters clusters = clusters(pair, items);
    int n = names.size();
    double[] before = new double[n];
    List<Interval> intervals =
        bootstrap.clustered(
            clusters.sizes(),
            counts -> {
              double[][] totals = clusters.totals(counts);
              double[] one = tally.scores(half(totals, 0));
              double[] other = tally.scores(half(totals, 1));
              double[] found = new double[2 * n];
              for (int k = 0; k < n; k++) {
                found[k] = one[k] - other[k];
                found[n + k] =
                    Math.abs(other[k]) < TINY ? Double.NaN : 100 * (other[k] - one[k]) / other[k];
              }
              return found;
            });
    int[][] once = clusters.sums.stream().map(c -> filled(c.size())).toArray(int[][]::new);
    System.arraycopy(tally.scores(half(clusters.totals(once), 1)), 0, before, 0, n);
    List<Change> changes = new ArrayList<>();
    for (int k = 0; k < n; k++) {
      ScoreSums.Name name = names.get(k);
      double p = name.score().equals("rho") ? steiger(question, own, items) : flipped(k, clusters);
      changes.add(
          new Change(
              condition,
              name.score(),
              name.group(),
              (int) Arrays.stream(items).filter(i -> in(name.group(), i)).count(),
              before[k],
              intervals.get(k),
              intervals.get(n + k),
              p,
              Double.NaN));
    }
    return changes;
  }

  private static int[] filled(int size) {
    int[] ones = new int[size];
    Arrays.fill(ones, 1);
    return ones;
  }

  private boolean in(String group, int item) {
    return !categories.contains(group) || experiment.items().get(item).category().equals(group);
  }

  private double[][] half(double[][] totals, int which) {
    int width = tally.width();
    return Arrays.stream(totals)
        .map(t -> Arrays.copyOfRange(t, which * width, (which + 1) * width))
        .toArray(double[][]::new);
  }

  private double flipped(int score, Clusters clusters) {
    List<Double> differences = new ArrayList<>();
    for (int c = 0; c < categories.size(); c++) {
      for (double[] sums : clusters.sums.get(c)) {
        double[][] whole = {sums};
        double d = tally.difference(score, c, half(whole, 0)[0], half(whole, 1)[0]);
        if (!Double.isNaN(d)) {
          differences.add(d);
        }
      }
    }
    return differences.isEmpty()
        ? Double.NaN
        : signFlip.pValue(differences.stream().mapToDouble(d -> d).toArray());
  }

  /** Returns the p-value that two probabilities correlate equally with the reference. */
  private double steiger(@Nullable Reading[] question, @Nullable Reading[] own, int[] items) {
    if (items.length < 4) {
      return Double.NaN;
    }
    double[] x =
        Arrays.stream(items).mapToDouble(i -> experiment.items().get(i).reference()).toArray();
    double[] y = first(own, items);
    double[] z = first(question, items);
    try {
      return Correlation.dependent(
              Correlation.pearson(x, y),
              Correlation.pearson(x, z),
              Correlation.pearson(y, z),
              items.length)
          .p();
    } catch (IllegalArgumentException e) {
      return Double.NaN; // one of them is constant
    }
  }

  private static double[] first(@Nullable Reading[] readings, int[] items) {
    return Arrays.stream(items)
        .mapToDouble(
            i -> {
              Reading reading = readings[i];
              return reading == null ? Double.NaN : reading.probabilities().get(0);
            })
        .toArray();
  }

  /** Applies Holm's correction: over a condition's categories, else over conditions. */
  private List<Change> adjusted(List<Change> changes) {
    Map<String, List<Integer>> families = new LinkedHashMap<>();
    for (int i = 0; i < changes.size(); i++) {
      Change c = changes.get(i);
      String family =
          categories.size() > 1 && categories.contains(c.group())
              ? c.condition() + "/" + c.name()
              : c.group() + "//" + c.name();
      families.computeIfAbsent(family, f -> new ArrayList<>()).add(i);
    }
    List<Change> all = new ArrayList<>(changes);
    for (List<Integer> family : families.values()) {
      double[] p = Holm.adjusted(family.stream().mapToDouble(i -> changes.get(i).p()).toArray());
      for (int k = 0; k < p.length; k++) {
        Change c = changes.get(family.get(k));
        all.set(
            family.get(k),
            new Change(
                c.condition(),
                c.name(),
                c.group(),
                c.items(),
                c.question(),
                c.difference(),
                c.reduction(),
                c.p(),
                p[k]));
      }
    }
    return all;
  }

  private static Readability readability(Condition condition, @Nullable Reading[] own) {
    Map<Status, Integer> statuses = new EnumMap<>(Status.class);
    long samples = 0;
    long invalid = 0;
    double coverage = 0;
    int low = 0;
    int asked = 0;
    for (@Nullable Reading reading : own) {
      if (reading == null) {
        continue;
      }
      asked++;
      statuses.merge(reading.status(), 1, Integer::sum);
      samples += reading.samples();
      invalid += reading.invalid();
      if (reading.isRead()) {
        coverage += reading.coverage();
        low += reading.coverage() < LOW_COVERAGE ? 1 : 0;
      }
    }
    int read = statuses.getOrDefault(Status.READ, 0);
    return new Readability(
        condition,
        asked,
        read,
        statuses.getOrDefault(Status.BLOCKED, 0),
        statuses.getOrDefault(Status.INVALID, 0),
        statuses.getOrDefault(Status.UNREADABLE, 0),
        statuses.getOrDefault(Status.UNANSWERED, 0),
        samples,
        invalid,
        coverage / read,
        new Rate(low, read));
  }

  private List<Answer> answers(Condition condition, @Nullable Reading[] own) {
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < own.length; i++) {
      Reading reading = own[i];
      if (reading != null) {
        MoralItem item = experiment.items().get(i);
        answers.add(
            new Answer(
                condition,
                item.id(),
                item.category(),
                item.weight(),
                item.reference(),
                reading.status(),
                reading.probabilities(),
                reading.coverage()));
      }
    }
    return answers;
  }
}
