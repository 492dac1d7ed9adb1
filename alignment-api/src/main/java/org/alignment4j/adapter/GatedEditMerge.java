package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.LowRankMerge;
import org.alignment4j.internal.tensor.LowRankMerge.Rows;
import org.alignment4j.internal.tensor.LowRankMerge.Target;
import org.alignment4j.internal.tensor.ModelFiles;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.tensor.WeightChange;

/**
 * Merges a projection into the matrices that write to the residual stream. If P = 1 + g U V has P P
 * = P, then P applied to everything that is added to the stream equals P applied to the stream at
 * every place; if also P b = 0, adding g b once, to the embeddings, equals adding it at every
 * place.
 */
final class GatedEditMerge implements MergedCheckpoint.Plan {
  private static final String EMBEDDINGS = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final List<String> WRITERS = List.of("self_attn.o_proj", "mlp.down_proj");

  /** How far, relative to its size, a product may be from what it must be. */
  private static final double ROUNDING = 1e-4;

  private final GatedEdit edit;
  private final Affine map;

  /**
   * @throws IllegalArgumentException if the edit is not one projection applied to every token
   */
  GatedEditMerge(GatedEdit edit) {
    this.edit = edit;
    Change first = edit.changes().get(0);
    for (Change c : edit.changes()) {
      String what = c.layer() + ", " + c.site() + " cannot be merged into weights: ";
      require(c.gate().reading() == null, "%sits gate is not constant", what);
      require(
          c.positions().equals(Positions.ALL), "%sit applies to %s tokens", what, c.positions());
      require(
          c.affine().equals(first.affine()) && c.gate().equals(first.gate()),
          "%sit differs from %s, %s",
          what,
          first.layer(),
          first.site());
    }
    this.map = first.affine().times(first.gate().high());
    requireProjection(first.layer() + ", " + first.site() + " cannot be merged into weights: ");
  }

  /**
   * Checks that V U = -1 and V b = 0 - which follow, the rank being full, from P P = P, P b = 0.
   */
  private void requireProjection(String what) {
    int r = map.rank();
    int d = map.width();
    require(r > 0, "%sa constant b at every place has no form in the weights", what);
    for (int i = 0; i < r; i++) {
      for (int k = 0; k < r; k++) {
        double sum = 0;
        double size = 0;
        for (int j = 0; j < d; j++) {
          double p = (double) map.v()[i * d + j] * map.u()[j * r + k];
          sum += p;
          size += Math.abs(p);
        }
        require(
            Math.abs(sum + (i == k ? 1 : 0)) <= ROUNDING * Math.max(1, size),
            "%sg V U is %s at [%s, %s]; only a projection, for which it is -1, stays the same when"
                + " applied again",
            what,
            sum,
            i,
            k);
      }
    }
    double[] again = new Affine(r, map.u(), map.v(), new float[d]).apply(map.b());
    double largest = 0;
    double left = 0;
    for (int j = 0; j < d; j++) {
      largest = Math.max(largest, Math.abs(map.b()[j]));
      left = Math.max(left, Math.abs(map.b()[j] + again[j]));
    }
    require(
        left <= ROUNDING * largest,
        "%sb has a part that the projection keeps, which needs a bias in self_attn.o_proj and"
            + " mlp.down_proj that no supported architecture has",
        what);
  }

  void write(Path base, Path out) {
    MergedCheckpoint.write(base, out, this, edit.provenance());
  }

  @Override
  public Map<String, WeightChange> changes(Checkpoint base) {
    int blocks = blocks(base);
    requireEveryPlace(base, blocks);
    boolean shifted = anyNonZero(map.b());
    if (base.contains("model.layers.0.pre_feedforward_layernorm.weight")) {
      throw new UnsupportedArchitectureException(
          base.origin()
              + ": an edit cannot be merged: norms lie between self_attn.o_proj, mlp.down_proj and"
              + " the residual stream");
    }
    if (shifted && ModelFiles.scalesEmbeddings(base.origin())) {
      throw new UnsupportedArchitectureException(
          base.origin() + ": b cannot be merged: the architecture scales its embeddings");
    }
    Map<String, WeightChange> changes = new LinkedHashMap<>();
    for (int block = 0; block < blocks; block++) {
      for (String module : WRITERS) {
        String name = "model.layers." + block + "." + module;
        if (base.contains(name + ".bias")) {
          throw new UnsupportedArchitectureException(
              base.origin() + ": an edit cannot be merged beside " + name + ".bias");
        }
        changes.put(name + ".weight", writer(base, name + ".weight"));
      }
    }
    if (base.contains(EMBEDDINGS)) {
      changes.put(EMBEDDINGS, embeddings(base, EMBEDDINGS));
    }
    return changes;
  }

  /** An output layer with the embeddings' numbers keeps them, whichever name they have. */
  @Override
  public List<TensorSource> added(Checkpoint base) {
    if (!base.contains(EMBEDDINGS)) {
      TensorInfo info = base.info(HEAD);
      return List.of(
          new TensorSource(
              EMBEDDINGS, info.type(), info.shape(), embeddings(base, HEAD).filler(base, info)));
    }
    if (!base.contains(HEAD)) {
      TensorSource copy = base.copy(EMBEDDINGS);
      return List.of(new TensorSource(HEAD, copy.type(), copy.shape(), copy.filler()));
    }
    return List.of();
  }

  @Override
  public boolean untiesHead(Checkpoint base) {
    return true;
  }

  private static int blocks(Checkpoint base) {
    int blocks = 0;
    while (base.contains("model.layers." + blocks + ".mlp.down_proj.weight")) {
      blocks++;
    }
    return blocks;
  }

  private void requireEveryPlace(Checkpoint base, int blocks) {
    Set<String> places = new HashSet<>();
    for (Change c : edit.changes()) {
      require(c.layer().index() <= blocks, "%s of a model of %s blocks", c.layer(), blocks);
      require(
          places.add(c.layer().index() + " " + c.site()),
          "%s, %s is changed twice",
          c.layer(),
          c.site());
    }
    for (int l = 0; l <= blocks; l++) {
      for (Site site : Site.values()) {
        require(
            (l == 0 && site == Site.ATTENTION) || places.contains(l + " " + site),
            "an edit can be merged into the weights of %s only if it applies at every place, and it"
                + " does not at layer %s, %s",
            base.origin(),
            l,
            site);
      }
    }
  }

  private static boolean anyNonZero(float[] values) {
    for (float f : values) {
      if (f != 0) {
        return true;
      }
    }
    return false;
  }

  /** W [D, in] + g U (V W). */
  private WeightChange writer(Checkpoint base, String name) {
    long[] shape = base.info(name).shape();
    if (shape.length != 2 || shape[0] != map.width()) {
      throw WeightChange.misfit(base, name, shape, new long[] {map.width(), -1});
    }
    int in = (int) shape[1];
    int r = map.rank();
    float[] w = base.floats(name);
    double[] sum = new double[r * in];
    for (int k = 0; k < r; k++) {
      for (int d = 0; d < map.width(); d++) {
        double v = map.v()[k * map.width() + d];
        for (int j = 0; j < in; j++) {
          sum[k * in + j] += v * w[d * in + j];
        }
      }
    }
    return change(new Target(0, name, in, map.width(), r, 1, floats(sum), map.u()));
  }

  /** E [V, D] + (E V^T) (g U)^T + 1 (g b)^T, the last as one more rank. */
  private WeightChange embeddings(Checkpoint base, String name) {
    long[] shape = base.info(name).shape();
    int d = map.width();
    if (shape.length != 2 || shape[1] != d) {
      throw WeightChange.misfit(base, name, shape, new long[] {-1, d});
    }
    int rows = (int) shape[0];
    int r = map.rank() + 1;
    float[] e = base.floats(name);
    float[] b = new float[rows * r];
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k + 1 < r; k++) {
        double along = 0;
        for (int j = 0; j < d; j++) {
          along += (double) map.v()[k * d + j] * e[row * d + j];
        }
        b[row * r + k] = (float) along;
      }
      b[row * r + r - 1] = 1;
    }
    float[] a = new float[r * d];
    for (int j = 0; j < d; j++) {
      for (int k = 0; k + 1 < r; k++) {
        a[k * d + j] = map.u()[j * map.rank() + k];
      }
      a[(r - 1) * d + j] = map.b()[j];
    }
    return change(new Target(0, name, d, rows, r, 1, a, b));
  }

  private static WeightChange change(Target target) {
    return LowRankMerge.change(List.of(new Rows(0, target)));
  }

  private static float[] floats(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }
}
