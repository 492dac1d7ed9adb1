package org.alignment4j.sysformer;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Provenance;
import org.alignment4j.model.FrozenModel;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerSettings.LossWeights;

/**
 * A Sysformer's tensors on the model's device. In training, the trainable tensors require
 * gradients: with layers, the system prompt's embeddings are fixed; without layers, they are all
 * that is trained.
 */
final class NativeSysformer implements AutoCloseable {
  private final Sysformer start;
  private final FrozenModel frozen;
  private final SysformerKernels kernels;
  private final NDManager manager;
  private final Map<String, NDArray> arrays = new LinkedHashMap<>();
  private final NDArray original;
  private final List<String> trained;

  /**
   * @param train whether the tensors require gradients; otherwise no autograd graph is kept
   */
  NativeSysformer(LanguageModel model, Sysformer start, boolean train) {
    require(
        start.width() == model.config().width(),
        "a Sysformer of width %s for a model of width %s",
        start.width(),
        model.config().width());
    this.start = start;
    this.frozen = new FrozenModel(model);
    this.kernels = new SysformerKernels(start.shape(), model.device());
    this.manager = NDManager.newBaseManager(model.device(), "PyTorch");
    boolean adaptive = start.shape().layers() > 0;
    Sysformer.shapes(start.shape(), start.width())
        .forEach((name, dims) -> arrays.put(name, array(start.tensor(name), dims)));
    this.original = array(start.tensor(Sysformer.SYSTEM), new long[] {-1, start.width()});
    this.trained =
        arrays.keySet().stream().filter(n -> !adaptive || !n.equals(Sysformer.SYSTEM)).toList();
    if (train) {
      trained.forEach(name -> array(name).setRequiresGradient(true));
    }
  }

  private NDArray array(float[] values, long[] dims) {
    long[] shape = dims.clone();
    if (shape[0] < 0) {
      shape[0] = values.length / shape[1];
    }
    return manager.create(values, new Shape(shape));
  }

  private NDArray array(String name) {
    return java.util.Objects.requireNonNull(arrays.get(name), name);
  }

  NDList parameters() {
    NDList list = new NDList();
    trained.forEach(name -> list.add(array(name)));
    return list;
  }

  List<String> parameterNames() {
    return trained;
  }

  /**
   * Returns the adapted system prompt embeddings of each request [Bn, D], with their autograd
   * graph.
   */
  NDArray adapt(List<GuardRow> rows, NDManager scope) {
    int maxLength = rows.stream().mapToInt(r -> r.text().length).max().orElseThrow();
    int[] ids = new int[rows.size() * maxLength];
    int[] lengths = new int[rows.size()];
    for (int b = 0; b < lengths.length; b++) {
      int[] text = rows.get(b).text();
      lengths[b] = text.length;
      System.arraycopy(text, 0, ids, b * maxLength, text.length);
    }
    List<NDArray> layers = new ArrayList<>();
    arrays.forEach(
        (name, array) -> {
          if (name.startsWith("layers.")) {
            layers.add(array);
          }
        });
    NDArray prompts = frozen.embeddings(ids, scope);
    return kernels.adapt(array(Sysformer.SYSTEM), prompts, lengths, layers, start.scale(), scope);
  }

  /** The trained system prompt embeddings [n, D]. */
  NDArray system() {
    return array(Sysformer.SYSTEM);
  }

  /**
   * Returns the top-layer states of each request's last token, scaled to unit root mean square [B,
   * D], under the current system prompt, which is the same for all.
   */
  private NDArray features(List<GuardRow> rows, NDManager scope) {
    List<Encoded> sequences = rows.stream().map(r -> r.withRows(0)).toList();
    return kernels.unit(frozen.states(sequences, system(), scope), scope);
  }

  /** Returns DRO's loss, its three sums [3], then the gradient of {@link #system}. */
  NDList shiftLoss(List<DroRow> rows, DroDirections directions, NDManager scope) {
    float[][] start = rows.stream().map(DroRow::start).toArray(float[][]::new);
    double[] harmful = rows.stream().mapToDouble(r -> r.request().harmful() ? 1 : 0).toArray();
    NDArray features = features(rows.stream().map(DroRow::request).toList(), scope);
    return kernels.shifts(features, start, directions, harmful, system(), scope);
  }

  /** Returns the loss, its four sums [4], harm logits [B], then gradients. */
  NDList loss(List<GuardRow> rows, LossWeights weights, NDManager scope) {
    NDArray adapted = adapt(rows, scope);
    int n = start.systemTokens();
    List<Encoded> sequences = new ArrayList<>();
    double[] lengths = new double[rows.size()];
    double[] harmful = new double[rows.size()];
    for (int b = 0; b < lengths.length; b++) {
      GuardRow row = rows.get(b);
      sequences.add(row.withRows(b * n));
      lengths[b] = row.encoded().predictedLength();
      harmful[b] = row.harmful() ? 1 : 0;
    }
    FrozenModel.Outputs out = frozen.run(sequences, adapted, scope);
    return kernels.loss(
        out.logProbabilities(),
        adapted,
        out.states(),
        original,
        array(Sysformer.HEAD),
        array(Sysformer.BIAS),
        lengths,
        harmful,
        weights,
        parameters(),
        scope);
  }

  Sysformer snapshot(Provenance provenance) {
    Map<String, float[]> values = new LinkedHashMap<>();
    arrays.forEach((name, array) -> values.put(name, array.toFloatArray()));
    return new Sysformer(
        start.systemText(), start.shape(), start.width(), start.scale(), values, provenance);
  }

  @Override
  public void close() {
    manager.close();
    kernels.close();
  }
}
