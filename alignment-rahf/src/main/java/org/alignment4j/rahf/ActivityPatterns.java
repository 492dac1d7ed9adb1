package org.alignment4j.rahf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;

/**
 * Targets of step 2: h_base + alpha (h_good - h_bad) for the first tokens of a response at some
 * layers; the response tokens are the same in all three. Targets are constants; they are cached up
 * to a memory budget and recomputed beyond it.
 */
final class ActivityPatterns {
  private final FitCondition base;
  private final FitCondition good;
  private final FitCondition bad;
  private final List<Layer> layers;
  private final int tokens;
  private final double alpha;

  /** Seed of the random vectors that replace the differences, as a control; empty for none. */
  private final OptionalLong randomSeed;

  private final long budget;
  private final Map<Integer, float[][][]> kept = new HashMap<>();
  private long used;

  ActivityPatterns(
      FitCondition base,
      FitCondition good,
      FitCondition bad,
      List<Layer> layers,
      int tokens,
      double alpha,
      OptionalLong randomSeed,
      long budget) {
    this.base = base;
    this.good = good;
    this.bad = bad;
    this.layers = List.copyOf(layers);
    this.tokens = tokens;
    this.alpha = alpha;
    this.randomSeed = randomSeed;
    this.budget = budget;
  }

  /** Targets per row [layers][R][D], in the rows' order. */
  List<float[][][]> of(List<FitRow> rows) {
    List<FitRow> missing = rows.stream().filter(r -> !kept.containsKey(r.number())).toList();
    Map<Integer, float[][][]> fresh = new HashMap<>();
    for (FitRow row : missing) {
      // Each row by itself: some processors round a row's products by its company in a batch, and
      // after an interruption rows are read in other batches than in one run.
      float[][][] target = targets(states(List.of(row)), alpha, true).get(0);
      fresh.put(row.number(), target);
      long bytes = bytes(target);
      if (used + bytes <= budget) {
        used += bytes;
        kept.put(row.number(), target);
      }
    }
    List<float[][][]> targets = new ArrayList<>();
    for (FitRow row : rows) {
      float[][][] target = kept.get(row.number());
      targets.add(target == null ? fresh.get(row.number()) : target);
    }
    return targets;
  }

  private static long bytes(float[][][] target) {
    return (long) target.length * target[0].length * target[0][0].length * Float.BYTES;
  }

  /**
   * Returns the difference between the good and the bad condition, v [layers][R][D] of each row.
   */
  List<float[][][]> differences(List<FitRow> rows) {
    return targets(states(rows), 1, false);
  }

  /** Hidden states of each row under the base, good and bad condition. */
  private record States(
      List<FitRow> rows, List<float[][][]> base, List<float[][][]> good, List<float[][][]> bad) {}

  private States states(List<FitRow> rows) {
    List<FitCondition> conditions = List.of(base, good, bad);
    // Conditions of the same model are batched.
    Map<LanguageModel, List<FitCondition>> byModel = new LinkedHashMap<>();
    conditions.forEach(c -> byModel.computeIfAbsent(c.model(), m -> new ArrayList<>()).add(c));
    Map<FitCondition, List<float[][][]>> found = new HashMap<>();
    byModel.forEach(
        (model, own) -> {
          List<FitCondition> distinct = own.stream().distinct().toList();
          List<Encoded> sequences = new ArrayList<>();
          for (FitCondition c : distinct) {
            rows.forEach(row -> sequences.add(c.input().apply(row)));
          }
          List<float[][][]> all = read(model, sequences);
          for (int i = 0; i < distinct.size(); i++) {
            found.put(distinct.get(i), all.subList(i * rows.size(), (i + 1) * rows.size()));
          }
        });
    return new States(
        rows,
        found.getOrDefault(base, List.of()),
        found.getOrDefault(good, List.of()),
        found.getOrDefault(bad, List.of()));
  }

  private List<float[][][]> read(LanguageModel model, List<Encoded> sequences) {
    Activations states =
        model.captureIds(sequences, new Capture(layers, TokenPositions.response(tokens)));
    List<float[][][]> result = new ArrayList<>();
    int row = 0;
    for (Encoded e : sequences) {
      int n = Math.min(tokens, e.responseLength());
      float[][][] own = new float[layers.size()][n][];
      for (int l = 0; l < own.length; l++) {
        System.arraycopy(states.at(layers.get(l)), row, own[l], 0, n);
      }
      result.add(own);
      row += n;
    }
    return result;
  }

  private List<float[][][]> targets(States s, double scale, boolean withBase) {
    List<float[][][]> result = new ArrayList<>();
    for (int i = 0; i < s.rows.size(); i++) {
      float[][][] b = s.base.get(i);
      float[][][] target = new float[b.length][b[0].length][];
      SplittableRandom random =
          new SplittableRandom(randomSeed.orElse(0) * 31 + s.rows.get(i).number());
      for (int l = 0; l < b.length; l++) {
        for (int r = 0; r < b[l].length; r++) {
          float[] v = difference(s.good.get(i)[l][r], s.bad.get(i)[l][r], random);
          float[] t = new float[v.length];
          for (int k = 0; k < v.length; k++) {
            t[k] = (float) ((withBase ? b[l][r][k] : 0) + scale * v[k]);
          }
          target[l][r] = t;
        }
      }
      result.add(target);
    }
    return result;
  }

  private float[] difference(float[] plus, float[] minus, SplittableRandom random) {
    float[] v = new float[plus.length];
    double norm = 0;
    for (int k = 0; k < v.length; k++) {
      v[k] = plus[k] - minus[k];
      norm += (double) v[k] * v[k];
    }
    if (randomSeed.isEmpty()) {
      return v;
    }
    double[] other = new double[v.length];
    double length = 0;
    for (int k = 0; k < v.length; k++) {
      other[k] = random.nextGaussian();
      length += other[k] * other[k];
    }
    for (int k = 0; k < v.length; k++) {
      v[k] = (float) (other[k] * Math.sqrt(norm / length));
    }
    return v;
  }
}
