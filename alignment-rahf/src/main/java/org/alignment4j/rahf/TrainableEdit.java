package org.alignment4j.rahf;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.model.FrozenModel.AffineChange;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceTuner.Loreft;

/**
 * A LoReFT edit in training: for each layer a matrix M [r, D], from whose rows R is made, W [r, D]
 * and b [r], all float32. R is a function of M, not a parameter that would be made orthonormal
 * again after each step: so there is nothing besides the parameters that a resumed training would
 * have to know. Used by the training thread only.
 */
final class TrainableEdit implements AutoCloseable {
  private final List<Layer> layers;
  private final Positions positions;
  private final Kernels kernels;
  private final NDManager manager;

  /** M of each layer, then W of each, then b of each. */
  private final NDList parameters = new NDList();

  private final List<String> names = new ArrayList<>();

  private TrainableEdit(
      Device device, List<Layer> layers, Positions positions, int rank, int width) {
    require(rank <= width, "rank %s in a model of width %s", rank, width);
    this.layers = layers;
    this.positions = positions;
    this.kernels =
        Kernels.named("loreft").source(TrainableEdit.class, "loreft.torchscript").compile(device);
    this.manager = NDManager.newBaseManager(device, "PyTorch");
  }

  /** An edit of random directions that changes nothing yet: W = R = M, b = 0. */
  static TrainableEdit initial(LanguageModel model, Loreft.Settings settings) {
    int width = model.config().width();
    int rank = settings.rank();
    List<Layer> layers = settings.layers(model.config().blocks());
    TrainableEdit edit =
        new TrainableEdit(model.device(), layers, settings.positions(), rank, width);
    Random random = new Random(settings.training().seed());
    try (NDManager scope = edit.manager.newSubManager()) {
      NDList drawn = new NDList();
      for (int l = 0; l < layers.size(); l++) {
        float[] m = new float[rank * width];
        for (int i = 0; i < m.length; i++) {
          m[i] = (float) random.nextGaussian();
        }
        drawn.add(scope.create(m, new Shape(rank, width)));
      }
      NDList rotations = edit.kernels.call("rotations", scope).list(drawn).infer();
      for (String name : List.of("rotation", "weight")) {
        for (int l = 0; l < layers.size(); l++) {
          // A copy: what inference computed may not be trained.
          edit.add(name, layers.get(l), rotations.get(l).toFloatArray(), new Shape(rank, width));
        }
      }
      layers.forEach(l -> edit.add("bias", l, new float[rank], new Shape(rank)));
    }
    return edit;
  }

  private void add(String name, Layer layer, float[] values, Shape shape) {
    NDArray array = manager.create(values, shape);
    array.setRequiresGradient(true);
    parameters.add(array);
    names.add("layers." + layer.index() + "." + name);
  }

  NDList parameters() {
    return parameters;
  }

  List<String> parameterNames() {
    return names;
  }

  /** R [r, D] of each layer. */
  NDList rotations(NDManager scope) {
    return kernels.call("rotations", scope).list(parameters.subList(0, layers.size())).infer();
  }

  /** The changes with the graph to the parameters, in {@code scope}. */
  List<AffineChange> changes(NDManager scope) {
    NDList maps = maps(scope).train();
    List<AffineChange> changes = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      changes.add(
          new AffineChange(
              layers.get(l), positions, maps.get(3 * l), maps.get(3 * l + 1), maps.get(3 * l + 2)));
    }
    return changes;
  }

  private Kernels.Call maps(NDManager scope) {
    int n = layers.size();
    return kernels
        .call("maps", scope)
        .list(parameters.subList(0, n))
        .list(parameters.subList(n, 2 * n))
        .list(parameters.subList(2 * n, 3 * n));
  }

  /** The edit as it is now. */
  GatedEdit snapshot(Provenance provenance) {
    List<Change> changes = new ArrayList<>();
    try (NDManager scope = manager.newSubManager()) {
      NDList maps = maps(scope).infer();
      for (int l = 0; l < layers.size(); l++) {
        NDArray u = maps.get(3 * l);
        changes.add(
            new Change(
                layers.get(l),
                Site.BLOCK,
                positions,
                new Affine(
                    (int) u.getShape().get(1),
                    u.toFloatArray(),
                    maps.get(3 * l + 1).toFloatArray(),
                    maps.get(3 * l + 2).toFloatArray()),
                Gate.constant(1)));
      }
    }
    return new GatedEdit(changes, provenance);
  }

  @Override
  public void close() {
    manager.close();
    kernels.close();
  }
}
