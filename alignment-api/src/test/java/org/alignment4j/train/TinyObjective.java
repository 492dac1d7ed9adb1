package org.alignment4j.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.train.TrainingLoop.Objective;

/**
 * Regression with a network of one hidden layer, dropout drawn from the step's seed, rows of
 * unequal weight, and a running value that outlives a step: whatever a resumed training must get
 * right.
 */
final class TinyObjective implements Objective<TinyObjective.Row>, AutoCloseable {
  /** weight 0 to 3; length in imagined tokens. */
  record Row(float x0, float x1, float y, int weight, int length) {}

  static final int HIDDEN = 8;
  private static final Kernels KERNELS;

  static {
    DjlDefaults.apply();
    KERNELS =
        Kernels.named("tiny").source(TinyObjective.class, "tiny.torchscript").compile(Device.cpu());
  }

  final NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
  final List<List<Row>> seen = new ArrayList<>();
  final List<Long> seeds = new ArrayList<>();
  private final NDList parameters = new NDList();
  private final boolean dropout;
  private float drift; // depends on the parameters at every tenth step
  Runnable onGradients = () -> {};

  TinyObjective(boolean dropout) {
    this.dropout = dropout;
    Random random = new Random(5);
    add(random, new Shape(HIDDEN, 2));
    add(random, new Shape(HIDDEN));
    add(random, new Shape(1, HIDDEN));
  }

  private void add(Random random, Shape shape) {
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * 0.5f;
    }
    NDArray array = manager.create(values, shape);
    array.setRequiresGradient(true);
    parameters.add(array);
  }

  static List<Row> data(int n) {
    Random random = new Random(11);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      float a = (float) random.nextGaussian();
      float b = (float) random.nextGaussian();
      rows.add(new Row(a, b, (float) Math.sin(a) * b, 1 + i % 3, 1 + random.nextInt(50)));
    }
    return rows;
  }

  @Override
  public NDList parameters() {
    return parameters;
  }

  @Override
  public List<String> parameterNames() {
    return List.of("w1", "b1", "w2");
  }

  @Override
  public void beforeStep(long step, NDManager scope) {
    if (step % 10 == 0) {
      drift = parameters.get(0).toFloatArray()[0];
    }
  }

  @Override
  public Map<String, float[]> state() {
    return Map.of("drift", new float[] {drift});
  }

  @Override
  public void restore(Map<String, float[]> state) {
    drift = state.get("drift")[0];
  }

  @Override
  public Gradients gradients(List<Row> batch, NDManager scope, long stepSeed) {
    onGradients.run();
    seen.add(batch);
    seeds.add(stepSeed);
    Random random = new Random(stepSeed);
    int n = batch.size();
    float[] x = new float[2 * n];
    float[] y = new float[n];
    float[] mask = new float[n * HIDDEN];
    double weight = 0;
    for (int i = 0; i < n; i++) {
      Row row = batch.get(i);
      // A row of weight w is w equal rows: with squared errors, sqrt(w) on both sides of the error.
      x[2 * i] = row.x0();
      x[2 * i + 1] = row.x1();
      float root = (float) Math.sqrt(row.weight());
      y[i] = root * (row.y() + (dropout ? 0.1f * drift : 0));
      weight += row.weight();
      for (int h = 0; h < HIDDEN; h++) {
        mask[i * HIDDEN + h] = root * (dropout && random.nextInt(10) == 0 ? 0 : 1);
      }
    }
    NDList out =
        KERNELS
            .call("loss", scope)
            .tensor(scope.create(x, new Shape(n, 2)))
            .tensor(scope.create(y))
            .tensor(scope.create(mask, new Shape(n, HIDDEN)))
            .list(parameters)
            .train();
    double loss = out.get(0).getFloat();
    return new Gradients(
        loss, weight, new NDList(out.subList(1, 4)), Map.of("double_loss", 2 * loss));
  }

  float[] values() {
    float[] all = new float[HIDDEN * 4];
    int at = 0;
    for (NDArray parameter : parameters) {
      float[] values = parameter.toFloatArray();
      System.arraycopy(values, 0, all, at, values.length);
      at += values.length;
    }
    return all;
  }

  @Override
  public void close() {
    manager.close();
  }
}
