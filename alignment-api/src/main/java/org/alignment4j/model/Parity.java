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
import org.alignment4j.tensor.GradientScope;
import org.alignment4j.tensor.SafetensorsFile;
import org.alignment4j.tensor.StorageType;
import org.alignment4j.tensor.TensorInfo;

/**
 * Compares a checkpoint run by this library with outputs of an independent implementation, kept
 * beside it in {@code expected.safetensors}: input_ids and attention_mask [B, T] right padded,
 * hidden_states [L+1, B, T, D] whose last entry is after the final norm, logits [B, T, V], greedy
 * [1, N] continuing row 0, loss [1] and grad.* of it.
 *
 * @param family architecture by name
 * @param precision that the model ran in; the reference is float32
 * @param maxAbsHidden largest difference of a hidden state
 * @param maxAbsLogits largest difference of a logit
 * @param maxRelHidden largest difference of a hidden state over that layer's largest element
 * @param maxRelLogits largest difference of a logit over the largest logit
 * @param maxRelGrad largest difference of a gradient over that tensor's largest element
 * @param greedyEqual whether the greedy continuation is the same, token for token
 */
public record Parity(
    String family,
    Precision precision,
    double maxAbsHidden,
    double maxAbsLogits,
    double maxRelHidden,
    double maxRelLogits,
    double maxRelGrad,
    boolean greedyEqual) {
  /** Largest difference allowed of hidden states and logits. */
  public static final double MAX_ABS = 2e-4;

  /** Largest relative difference allowed of gradients. */
  public static final double MAX_REL_GRAD = 1e-3;

  /**
   * Largest relative difference allowed of hidden states and logits in a precision other than
   * float32; what 8 bits of significand (bfloat16) or 11 (float16) leave after a few blocks.
   */
  public static double maxRel(Precision precision) {
    return precision.storage() == StorageType.BF16 ? 5e-2 : 6e-3;
  }

  /** Whether every figure is within its bound; greedy text counts in float32 only. */
  public boolean passed() {
    if (precision != Precision.FLOAT32) {
      return maxRelHidden <= maxRel(precision)
          && maxRelLogits <= maxRel(precision)
          && maxRelGrad <= maxRel(precision);
    }
    return maxAbsHidden <= MAX_ABS
        && maxAbsLogits <= MAX_ABS
        && maxRelGrad <= MAX_REL_GRAD
        && greedyEqual;
  }

  /**
   * Runs the comparison; figures are the worst of three layouts: right padded, left padded, and
   * each row alone.
   *
   * @throws CheckpointException if the folder is no such checkpoint
   */
  public static Parity verify(Path folder) {
    return verify(folder, Precision.FLOAT32);
  }

  /** As {@link #verify(Path)}, in a precision. */
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
    private final Worst hidden = new Worst();
    private final Worst logits = new Worst();
    private double gradient;

    Run(LanguageModel model, SafetensorsFile expected) {
      this.model = model;
      this.expected = expected;
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
          hidden.absolute,
          logits.absolute,
          hidden.relative,
          logits.relative,
          gradient,
          greedy());
    }

    private void compareStates(Batch batch) {
      int top = model.config().blocks();
      List<Layer> layers = IntStream.rangeClosed(0, top).mapToObj(Layer::new).toList();
      long[] rows = LongStream.range(0, batch.tokens()).toArray();
      float[] states = expected.floats("hidden_states");
      float[] outputs = expected.floats("logits");
      try (NDManager scope = model.manager().newSubManager()) {
        NDList found = model.hidden(scope, batch, new Layer(top), layers, rows, null);
        for (int l = 0; l <= top; l++) {
          NDArray x = found.get(1 + l);
          if (l == top) {
            x = model.decoder().finalNorm(scope, x, model.weights());
          }
          long perLayer = (long) sequences.size() * padded * model.config().width();
          hidden.add(x.toFloatArray(), states, l * perLayer, model.config().width(), batch, padded);
        }
        NDArray top1 = found.get(1 + top);
        float[] own = model.decoder().head(scope, top1, model.weights()).toFloatArray();
        logits.add(own, outputs, 0, model.config().vocabulary(), batch, padded);
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
          try (NDManager scope = model.manager().newSubManager()) {
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

    /** The reference ran on past end tokens. */
    private boolean sameGreedy(List<int[]> prompts, int[] wanted) {
      Generation settings = Generation.greedy(wanted.length).ignoringEnd();
      return Arrays.equals(model.generateIds(prompts, settings).get(0).ids(), wanted);
    }
  }

  /** The largest differences seen. */
  private static final class Worst {
    private double absolute;
    private double relative;

    void add(float[] own, float[] reference, long offset, int width, Batch batch, int padded) {
      double most = 0;
      double largest = 0;
      int row = 0;
      for (int b = 0; b < batch.size(); b++) {
        for (int p = 0; p < batch.sequences().get(b).length; p++, row++) {
          long at = offset + ((long) batch.index()[b] * padded + p) * width;
          for (int k = 0; k < width; k++) {
            float wanted = reference[(int) (at + k)];
            double d = Math.abs(own[row * width + k] - wanted);
            most = d >= most || Double.isNaN(d) ? d : most;
            largest = Math.max(largest, Math.abs(wanted));
          }
        }
      }
      absolute = most >= absolute || Double.isNaN(most) ? most : absolute;
      double share = most / largest;
      relative = share >= relative || Double.isNaN(share) ? share : relative;
    }
  }
}
