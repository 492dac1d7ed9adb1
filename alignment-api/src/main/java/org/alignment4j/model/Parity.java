package org.alignment4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.alignment4j.adapter.TunedBlock.Weight;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.TensorInfo;

/**
 * Compares a checkpoint run by this library with outputs of an independent implementation, stored
 * next to it in {@code expected.safetensors}: input_ids and attention_mask [B, T] right padded,
 * hidden_states [L+1, B, T, D] whose last entry is after the final norm, logits [B, T, V], greedy
 * [1, N] continuing row 0, loss [1] and its gradients grad.*.
 *
 * <p>A float32 sum of large numbers has a larger rounding error than one of small numbers, and some
 * tokens of real models have hidden states thousands of times as large as the others'. The
 * criterion is therefore the difference relative to the largest element of the same row, one
 * token's hidden state or logits, so that no error is hidden by a larger row.
 *
 * @param family architecture by name
 * @param precision the model's precision; the reference is float32
 * @param maxAbsHidden largest difference of a hidden state
 * @param maxAbsLogits largest difference of a logit
 * @param maxRelHidden largest difference of a hidden state over that layer's largest element
 * @param maxRelLogits largest difference of a logit over the largest logit
 * @param maxRowHidden largest difference of a hidden state over its row's largest element
 * @param maxRowLogits largest difference of a logit over its row's largest element
 * @param worstLayer index of the layer of {@code maxRowHidden}; the last one is after the final
 *     norm
 * @param maxRelGrad largest difference of a gradient over that tensor's largest element
 * @param greedyEqual whether the greedy continuation is the same, token for token, except for
 *     tokens whose logits differ by no more than {@link #MAX_ROW} allows
 */
public record Parity(
    String family,
    Precision precision,
    double maxAbsHidden,
    double maxAbsLogits,
    double maxRelHidden,
    double maxRelLogits,
    double maxRowHidden,
    double maxRowLogits,
    int worstLayer,
    double maxRelGrad,
    boolean greedyEqual) {
  /** Maximum difference of hidden states and logits in float32, relative to the row's largest. */
  public static final double MAX_ROW = 5e-5;

  /** Maximum relative difference of gradients. */
  public static final double MAX_REL_GRAD = 1e-3;

  /**
   * The maximum relative difference of hidden states and logits in a precision other than float32:
   * the error that 8 bits of significand (bfloat16) or 11 (float16) leave after a few blocks.
   */
  public static double maxRel(Precision precision) {
    return precision.maxRel();
  }

  /** Whether every figure is within its bound; the greedy text is compared in float32 only. */
  public boolean passed() {
    if (precision != Precision.FLOAT32) {
      return maxRelHidden <= maxRel(precision)
          && maxRelLogits <= maxRel(precision)
          && maxRelGrad <= maxRel(precision);
    }
    return maxRowHidden <= MAX_ROW
        && maxRowLogits <= MAX_ROW
        && maxRelGrad <= MAX_REL_GRAD
        && greedyEqual;
  }

  /**
   * Runs the comparison and returns the worst figures of three layouts: right padded, left padded,
   * and each row alone.
   *
   * @throws CheckpointException if the folder is not such a checkpoint
   */
  public static Parity verify(Path folder) {
    return verify(folder, Precision.FLOAT32);
  }

  /** Runs the comparison in a precision; see {@link #verify(Path)}. */
  public static Parity verify(Path folder, Precision precision) {
    try (LanguageModel model = LanguageModel.load(folder, Device.cpu(), precision);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      return new Run(model, expected).verify();
    }
  }

  private static final class Run {
    private final LanguageModel model;
    private final SafetensorsFile expected;
    private final List<int[]> sequences = new ArrayList<>();
    private final int padded;
    private final Worst hidden;
    private final Worst logits = new Worst(1);
    private double gradient;

    Run(LanguageModel model, SafetensorsFile expected) {
      this.model = model;
      this.expected = expected;
      this.hidden = new Worst(model.config().blocks() + 1);
      long[] shape = expected.info("input_ids").shape();
      if (shape.length != 2) {
        throw new CheckpointException("input_ids has shape " + Arrays.toString(shape));
      }
      this.padded = (int) shape[1];
      long[] ids = expected.longs("input_ids");
      long[] mask = expected.longs("attention_mask");
      for (int b = 0; b < shape[0]; b++) {
        int from = b * padded;
        int n = (int) Arrays.stream(mask, from, from + padded).sum();
        sequences.add(Arrays.stream(ids, from, from + n).mapToInt(i -> (int) i).toArray());
      }
    }

    Parity verify() {
      List<Batch> right = List.of(Batch.of(sequences, Batch.Side.RIGHT));
      List<Batch> left = List.of(Batch.of(sequences, Batch.Side.LEFT));
      List<Batch> alone = new ArrayList<>();
      for (int i = 0; i < sequences.size(); i++) {
        alone.add(Batch.of(List.of(sequences.get(i)), Batch.Side.RIGHT).withIndex(new int[] {i}));
      }
      for (List<Batch> layout : List.of(right, left, alone)) {
        layout.forEach(this::compareStates);
        compareGradients(layout);
      }
      return new Parity(
          model.config().family().name().toLowerCase(Locale.ROOT),
          model.precision(),
          hidden.absolute(),
          logits.absolute(),
          hidden.relative(),
          logits.relative(),
          hidden.row,
          logits.row,
          hidden.layer,
          gradient,
          greedy());
    }

    private void compareStates(Batch batch) {
      int top = model.config().blocks();
      List<Layer> layers = IntStream.rangeClosed(0, top).mapToObj(Layer::new).toList();
      long[] rows = LongStream.range(0, batch.tokens()).toArray();
      float[] states = expected.floats("hidden_states");
      float[] outputs = expected.floats("logits");
      ForwardPass pass = model.pass();
      try (NDManager scope = pass.manager().newSubManager()) {
        NDList found = pass.hidden(scope, batch, new Layer(top), layers, rows, null);
        for (int l = 0; l <= top; l++) {
          NDArray x = found.get(1 + l);
          if (l == top) {
            x = pass.decoder().finalNorm(scope, x, pass.weights());
          }
          long perLayer = (long) sequences.size() * padded * model.config().width();
          hidden.add(l, x.toFloatArray(), states, l * perLayer, batch, padded);
        }
        NDArray top1 = found.get(1 + top);
        float[] own = pass.decoder().head(scope, top1, pass.weights()).toFloatArray();
        logits.add(0, own, outputs, 0, batch, padded);
      }
    }

    private void compareGradients(List<Batch> layout) {
      List<TensorInfo> wanted =
          expected.tensors().values().stream().filter(t -> t.name().startsWith("grad.")).toList();
      if (wanted.isEmpty()) {
        return;
      }
      Layer layer = Layer.ofBlock(1);
      String prefix = "grad.model.layers." + layer.block() + ".";
      try (GradientScope gradients = GradientScope.open();
          TrainableWeights weights = TrainableWeights.blocks(model, List.of(layer))) {
        java.util.Objects.requireNonNull(gradients);
        Map<String, float[]> sums = new java.util.HashMap<>();
        long tokens = 0;
        for (Batch batch : layout) {
          List<Encoded> whole = batch.sequences().stream().map(ids -> new Encoded(ids, 1)).toList();
          try (NDManager scope = model.pass().manager().newSubManager()) {
            NDList result = weights.crossEntropy(batch, whole, scope);
            Map<String, Weight> part =
                weights.blockGradients(layer, new NDList(result.subList(1, result.size())));
            part.forEach((name, w) -> sums.merge(name, w.values(), Run::add));
          }
          tokens += batch.sequences().stream().mapToInt(s -> s.length - 1).sum();
        }
        for (TensorInfo info : wanted) {
          if (!info.name().startsWith(prefix)) {
            throw new CheckpointException("no gradient is computed for " + info.name());
          }
          float[] own = sums.get(info.name().substring(prefix.length()));
          if (own == null) {
            throw new CheckpointException("no gradient is computed for " + info.name());
          }
          compare(own, tokens, expected.floats(info.name()));
        }
      }
    }

    private void compare(float[] own, long tokens, float[] reference) {
      double difference = 0;
      double largest = 0;
      for (int i = 0; i < reference.length; i++) {
        difference = Math.max(difference, Math.abs(own[i] / (double) tokens - reference[i]));
        largest = Math.max(largest, Math.abs(reference[i]));
      }
      gradient = Math.max(gradient, difference / largest);
    }

    private static float[] add(float[] a, float[] b) {
      float[] sum = a.clone();
      for (int i = 0; i < sum.length; i++) {
        sum[i] += b[i];
      }
      return sum;
    }

    private boolean greedy() {
      long[] greedy = expected.longs("greedy");
      int[] wanted = Arrays.stream(greedy).mapToInt(i -> (int) i).toArray();
      return sameGreedy(List.of(sequences.get(0)), wanted) && sameGreedy(sequences, wanted);
    }

    /** The reference ignores end tokens. At a tie, continues with the reference's token. */
    private boolean sameGreedy(List<int[]> prompts, int[] wanted) {
      for (int at = 0; at < wanted.length; at++) {
        List<int[]> all = new ArrayList<>(prompts);
        all.set(0, joined(prompts.get(0), wanted, at));
        Generation settings = Generation.greedy(wanted.length - at).ignoringEnd();
        int[] own = model.generateIds(all, settings).get(0).ids();
        int differs = Arrays.mismatch(own, Arrays.copyOfRange(wanted, at, wanted.length));
        if (differs < 0) {
          return true;
        }
        at += differs;
        if (differs >= own.length
            || !areTied(joined(prompts.get(0), wanted, at), own[differs], wanted[at])) {
          return false;
        }
      }
      return true;
    }

    private static int[] joined(int[] prompt, int[] more, int count) {
      int[] all = Arrays.copyOf(prompt, prompt.length + count);
      System.arraycopy(more, 0, all, prompt.length, count);
      return all;
    }

    /** Whether the logits of two tokens are within the error of both sides. */
    private boolean areTied(int[] prompt, int own, int wanted) {
      float[] row = model.nextTokenLogitsIds(List.of(prompt))[0];
      float largest = 0;
      for (float logit : row) {
        largest = Math.max(largest, Math.abs(logit));
      }
      return Math.abs(row[own] - row[wanted]) <= 2 * MAX_ROW * largest;
    }
  }

  /** The largest differences so far. */
  private static final class Worst {
    private final double[] maxima;
    private final double[] largest;
    private double row;
    private int layer;

    Worst(int layers) {
      this.maxima = new double[layers];
      this.largest = new double[layers];
    }

    /** Adds rows of one layer, whose reference starts at {@code offset}. */
    void add(int of, float[] own, float[] reference, long offset, Batch batch, int padded) {
      int width = own.length / batch.tokens();
      int at = 0;
      for (int b = 0; b < batch.size(); b++) {
        for (int p = 0; p < batch.sequences().get(b).length; p++, at += width) {
          long from = offset + ((long) batch.index()[b] * padded + p) * width;
          double maxOfRow = 0;
          double largestOfRow = 0;
          for (int k = 0; k < width; k++) {
            float wanted = reference[(int) (from + k)];
            maxOfRow = worse(maxOfRow, Math.abs(own[at + k] - wanted));
            largestOfRow = Math.max(largestOfRow, Math.abs(wanted));
          }
          maxima[of] = worse(maxima[of], maxOfRow);
          largest[of] = Math.max(largest[of], largestOfRow);
          double share = share(maxOfRow, largestOfRow);
          if (worse(row, share) != row) {
            row = share;
            layer = of;
          }
        }
      }
    }

    double absolute() {
      return Arrays.stream(maxima).reduce(0, Worst::worse);
    }

    double relative() {
      double worst = 0;
      for (int i = 0; i < maxima.length; i++) {
        worst = worse(worst, share(maxima[i], largest[i]));
      }
      return worst;
    }

    private static double share(double difference, double largest) {
      return difference == 0 ? 0 : difference / largest;
    }

    /** The larger one; NaN is the worst and stays. */
    private static double worse(double known, double found) {
      return found > known || Double.isNaN(found) ? found : known;
    }
  }
}
