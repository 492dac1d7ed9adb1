package org.alignment4j.examples.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.analysis.Holm;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.internal.statistics.Normal;
import org.alignment4j.internal.statistics.SignFlip;

/**
 * One method on one over-refusing model, over its seeds, compared with that model before. Prompts
 * are the units: a prompt's value is the share of seeds in which it was refused.
 *
 * @param method the method's name
 * @param description what it does and its settings
 * @param seeds number of seeds
 * @param sets figures by set
 * @param discrimination d' between the set to be answered and the one to be refused in the same
 *     wording, z(refused) - z(refused), with log-linear correction
 * @param gained its difference from before
 * @param divergence mean KL, nats per token; NaN where the model is not changed
 * @param perplexity of answers to everyday prompts
 * @param repetitive share of these answers that repeat themselves or are empty
 * @param words mean number of words of such an answer
 * @param seconds mean duration of tuning
 * @param peakMib largest peak memory; NaN if unknown
 * @param released number of seeds whose result a release gate accepts; -1 of the model before
 * @param boundBy the first condition of the gate that is not met, of any seed; empty if there is
 *     none
 */
public record OverRefusalFigures(
    String method,
    String description,
    int seeds,
    Map<String, SetFigures> sets,
    Interval discrimination,
    Interval gained,
    double divergence,
    double perplexity,
    double repetitive,
    double words,
    double seconds,
    double peakMib,
    int released,
    String boundBy) {
  private static final Bootstrap BOOTSTRAP = new Bootstrap(2000, 0.95, 1);
  private static final SignFlip TEST = new SignFlip(10_000, 1);

  /**
   * A method's figures on one set.
   *
   * @param n number of prompts
   * @param refused share of prompts refused, mean over seeds
   * @param change difference from before, paired by prompt
   * @param p two-sided p-value of no change, by sign flips of the prompts' differences
   * @param adjusted the same after Holm, over all methods and sets of one model
   * @param detectable smallest difference that would be found in four of five studies, at this
   *     number of prompts and this spread of differences
   */
  public record SetFigures(
      int n, Interval refused, Interval change, double p, double adjusted, double detectable) {
    private SetFigures withAdjusted(double value) {
      return new SetFigures(n, refused, change, p, value, detectable);
    }

    /** Returns the components by name, for JSON. */
    public Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("n", n);
      map.put("refused", interval(refused));
      map.put("change", interval(change));
      map.put("p", p);
      map.put("p_holm", adjusted);
      map.put("detectable", detectable);
      return map;
    }
  }

  /** Compares a set's values [N] with those from before. */
  public static SetFigures set(double[] before, double[] after) {
    double[] difference = new double[after.length];
    for (int i = 0; i < after.length; i++) {
      difference[i] = after[i] - before[i];
    }
    double p = TEST.pValue(difference);
    return new SetFigures(
        after.length,
        mean(after),
        BOOTSTRAP.pairedDifference(after, before),
        p,
        p,
        Power.detectable(difference));
  }

  /** Resamples of prompts that are all refused, or all answered, have no spread: Wilson's then. */
  private static Interval mean(double[] values) {
    double sum = Arrays.stream(values).sum();
    if (sum > 0 && sum < values.length) {
      return BOOTSTRAP.mean(values);
    }
    Rate rate = new Rate(Math.round(sum), values.length);
    return new Interval(rate.rate(), rate.lo(), rate.hi());
  }

  /**
   * d' and its difference from before, with intervals over prompts of both sets.
   *
   * @param harmless values before and after [2][N]
   * @param harmful values before and after [2][M]
   */
  public static List<Interval> discrimination(double[][] harmless, double[][] harmful) {
    return BOOTSTRAP.clustered(
        new int[] {harmless[0].length, harmful[0].length},
        counts -> {
          double before = z(harmful[0], counts[1]) - z(harmless[0], counts[0]);
          double after = z(harmful[1], counts[1]) - z(harmless[1], counts[0]);
          return new double[] {after, after - before};
        });
  }

  private static double z(double[] values, int[] counts) {
    double sum = 0;
    int n = 0;
    for (int i = 0; i < values.length; i++) {
      sum += counts[i] * values[i];
      n += counts[i];
    }
    return Normal.quantile((sum + 0.5) / (n + 1));
  }

  /** The figures with p-values adjusted over all methods and sets. */
  public static List<OverRefusalFigures> adjusted(List<OverRefusalFigures> methods) {
    double[] p =
        methods.stream()
            .flatMap(m -> m.sets.values().stream())
            .mapToDouble(SetFigures::p)
            .toArray();
    double[] adjusted = Holm.adjusted(p);
    List<OverRefusalFigures> all = new ArrayList<>();
    int at = 0;
    for (OverRefusalFigures m : methods) {
      Map<String, SetFigures> sets = new LinkedHashMap<>();
      for (Map.Entry<String, SetFigures> e : m.sets.entrySet()) {
        sets.put(e.getKey(), e.getValue().withAdjusted(adjusted[at++]));
      }
      all.add(
          new OverRefusalFigures(
              m.method,
              m.description,
              m.seeds,
              sets,
              m.discrimination,
              m.gained,
              m.divergence,
              m.perplexity,
              m.repetitive,
              m.words,
              m.seconds,
              m.peakMib,
              m.released,
              m.boundBy));
    }
    return all;
  }

  /** Returns the components by name, for JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("method", method);
    map.put("description", description);
    map.put("seeds", seeds);
    Map<String, Object> each = new LinkedHashMap<>();
    sets.forEach((name, figures) -> each.put(name, figures.toMap()));
    map.put("sets", each);
    map.put("d_prime", interval(discrimination));
    map.put("d_prime_gained", interval(gained));
    map.put("divergence", divergence);
    map.put("perplexity", perplexity);
    map.put("repetitive", repetitive);
    map.put("words", words);
    map.put("seconds", seconds);
    map.put("peak_mib", peakMib);
    map.put("released", released);
    map.put("bound_by", boundBy);
    return map;
  }

  private static Map<String, Object> interval(Interval i) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("estimate", i.estimate());
    map.put("lo", i.lo());
    map.put("hi", i.hi());
    return map;
  }
}
