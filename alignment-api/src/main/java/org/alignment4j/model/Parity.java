package org.alignment4j.model;

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
import org.alignment4j.adapter.TunedBlock.Weight;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.tensor.GradientScope;
import org.alignment4j.tensor.SafetensorsFile;
import org.alignment4j.tensor.TensorInfo;

/**
 * Compares a checkpoint run by this library with outputs of an independent implementation, kept
 * beside it in {@code expected.safetensors}: input_ids and attention_mask [B, T] right padded,
 * hidden_states [L+1, B, T, D] whose last entry is after the final norm, logits [B, T, V], greedy
 * [1, N] continuing row 0, loss [1] and grad.* of it.
 *
 * @param family architecture by name
 * @param maxAbsHidden largest difference of a hidden state
 * @param maxAbsLogits largest difference of a logit
 * @param maxRelGrad largest difference of a gradient over that tensor's largest element
 * @param greedyEqual whether the greedy continuation is the same, token for token
 */
public record Parity(
    String family,
    double maxAbsHidden,
    double maxAbsLogits,
    double maxRelGrad,
    boolean greedyEqual) {
  /** Largest difference allowed of hidden states and logits. */
  public static final double MAX_ABS = 2e-4;

  /** Largest relative difference allowed of gradients. */
  public static final double MAX_REL_GRAD = 1e-3;

  /** Whether every figure is within its bound. */
  public boolean passed() {
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
    try (LanguageModel model = LanguageModel.load(folder);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      return new Run(model, expected).verify();
    }
  }

  private static final class Run {
    private final LanguageModel model;
    private final SafetensorsFile expected;
    private final List<int[]> sequences = new ArrayList<>();
    private final int padded;
    private double hidden;
    private double logits;
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
          hidden,
          logits,
          gradient,
          greedy());
    }

    private void compareStates(Batch batch) {
      int top = model.config().blocks();
      List<Layer> layers = IntStream.rangeClosed(0, top).mapToObj(Layer::new).toList();
      long[] rows =
          IntStream.range(0, batch.size())
              .boxed()
              .flatMap(
                  b ->
                      IntStream.range(0, batch.sequences().get(b).length)
                          .mapToObj(p -> (long) b * batch.length() + batch.place(b, p)))
              .mapToLong(Long::longValue)
              .toArray();
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
          hidden =
              worse(hidden, x.toFloatArray(), states, l * perLayer, model.config().width(), batch);
        }
        NDArray top1 = found.get(1 + top);
        float[] own = model.decoder().head(scope, top1, model.weights()).toFloatArray();
        logits = worse(logits, own, outputs, 0, model.config().vocabulary(), batch);
      }
    }

    private double worse(
        double worst, float[] own, float[] reference, long offset, int width, Batch batch) {
      int row = 0;
      double max = worst;
      for (int b = 0; b < batch.size(); b++) {
        for (int p = 0; p < batch.sequences().get(b).length; p++, row++) {
          long at = offset + ((long) batch.index()[b] * padded + p) * width;
          for (int k = 0; k < width; k++) {
            double d = Math.abs(own[row * width + k] - reference[(int) (at + k)]);
            max = d >= max || Double.isNaN(d) ? d : max;
          }
        }
      }
      return max;
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
}
