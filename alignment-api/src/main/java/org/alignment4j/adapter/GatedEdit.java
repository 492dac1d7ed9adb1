package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * Gated affine edits of the residual stream: h + g(s) (U V h + b) at chosen places and tokens,
 * where the gate g is constant or a function of a projection s of a hidden state, read there or at
 * an earlier layer. Directional ablation, conditional steering, AlphaSteer, AdaSteer and affine
 * concept editing are of this form. At each place the gates that are read there come first, then
 * the changes in their order, each on what the one before it left. Immutable: arrays are not
 * copied, so do not modify them. Equal if all numbers are.
 *
 * @param changes at least one, all of the same width
 * @param provenance how it was made
 */
public record GatedEdit(List<Change> changes, Provenance provenance) implements Adapter {
  /** The place of a change within a block. */
  public enum Site {
    /** The residual stream between a block's attention and its MLP. */
    ATTENTION,
    /** The block's output, which is the layer. */
    BLOCK
  }

  /**
   * The tokens that a change applies to; input embeddings of a soft prompt are none of them.
   *
   * @param kind the choice
   * @param first with {@link Kind#PROMPT_ENDS} the number of the prompt's first tokens, 0 or more;
   *     else 0
   * @param last with {@link Kind#PROMPT_ENDS} the number of its last ones, 0 or more; else 0
   */
  public record Positions(Kind kind, int first, int last) {
    /** The choices. */
    public enum Kind {
      /** Every token. */
      ALL,
      /** The tokens of the prompt. */
      PROMPT,
      /** The last token of the prompt. */
      LAST_PROMPT,
      /** The tokens of the response, including generated ones. */
      RESPONSE,
      /** The first and the last tokens of the prompt, as many as are said. */
      PROMPT_ENDS
    }

    /** Every token. */
    public static final Positions ALL = new Positions(Kind.ALL, 0, 0);

    /** The tokens of the prompt. */
    public static final Positions PROMPT = new Positions(Kind.PROMPT, 0, 0);

    /** The last token of the prompt. */
    public static final Positions LAST_PROMPT = new Positions(Kind.LAST_PROMPT, 0, 0);

    /** The tokens of the response, including generated ones. */
    public static final Positions RESPONSE = new Positions(Kind.RESPONSE, 0, 0);

    /** Checks the numbers. */
    public Positions {
      require(
          kind == Kind.PROMPT_ENDS
              ? first >= 0 && last >= 0 && (first > 0 || last > 0)
              : first == 0 && last == 0,
          "%s with %s first and %s last tokens",
          kind,
          first,
          last);
    }

    /**
     * The first {@code first} and the last {@code last} tokens of the prompt, each once; all of a
     * prompt that has no more.
     *
     * @param first 0 or more
     * @param last 0 or more, at least 1 if {@code first} is 0
     */
    public static Positions promptEnds(int first, int last) {
      return new Positions(Kind.PROMPT_ENDS, first, last);
    }

    @Override
    public String toString() {
      return kind == Kind.PROMPT_ENDS ? kind + " " + first + "+" + last : kind.toString();
    }
  }

  /**
   * An affine map of hidden states, U V h + b.
   *
   * @param rank r; 0 if the map is the constant b
   * @param u U [D, r], row-major
   * @param v V [r, D], row-major
   * @param b b [D]
   */
  public record Affine(int rank, float[] u, float[] v, float[] b) {
    /** Checks the shapes, and that all numbers are finite. */
    public Affine {
      require(rank >= 0, "the rank must be >= 0, was %s", rank);
      require(b.length >= 1, "an affine map of width 0");
      Finite.require("U", u, (long) rank * b.length);
      Finite.require("V", v, (long) rank * b.length);
      Finite.require("b", b, b.length);
    }

    /** The constant map {@code b} [D]. */
    public static Affine constant(float[] b) {
      return new Affine(0, new float[0], new float[0], b);
    }

    /**
     * The map U V (h - m), which is zero at a reference state.
     *
     * @param m the reference [D]
     */
    public static Affine about(int rank, float[] u, float[] v, float[] m) {
      double[] at = new Affine(rank, u, v, new float[m.length]).apply(m);
      float[] b = new float[m.length];
      for (int i = 0; i < b.length; i++) {
        b[i] = (float) -at[i];
      }
      return new Affine(rank, u, v, b);
    }

    /**
     * Minus the projection on a direction, -r r^T h / r^T r: added to h it leaves no component
     * along r.
     *
     * @param direction r [D], of any length but 0
     */
    public static Affine minusProjection(float[] direction) {
      float[] unit = unit(direction);
      float[] u = new float[unit.length];
      for (int i = 0; i < u.length; i++) {
        u[i] = -unit[i];
      }
      return new Affine(1, u, unit, new float[unit.length]);
    }

    private static float[] unit(float[] direction) {
      double length = Finite.length(direction);
      require(length > 0 && Double.isFinite(length), "a direction of length %s", length);
      float[] unit = new float[direction.length];
      for (int i = 0; i < unit.length; i++) {
        unit[i] = (float) (direction[i] / length);
      }
      return unit;
    }

    /** D. */
    public int width() {
      return b.length;
    }

    /** U V h + b [D] of a state h [D], in float64. */
    public double[] apply(float[] h) {
      require(h.length == b.length, "dimensions differ: %s != %s", h.length, b.length);
      double[] y = new double[b.length];
      for (int i = 0; i < y.length; i++) {
        y[i] = b[i];
      }
      for (int k = 0; k < rank; k++) {
        double along = 0;
        for (int i = 0; i < h.length; i++) {
          along += (double) v[k * h.length + i] * h[i];
        }
        for (int i = 0; i < y.length; i++) {
          y[i] += along * u[i * rank + k];
        }
      }
      return y;
    }

    /** This map times {@code factor}. */
    public Affine times(double factor) {
      return new Affine(rank, scaled(u, factor), v, scaled(b, factor));
    }

    private static float[] scaled(float[] values, double factor) {
      float[] scaled = new float[values.length];
      for (int i = 0; i < values.length; i++) {
        scaled[i] = (float) (values[i] * factor);
      }
      return scaled;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Affine o
          && rank == o.rank
          && Arrays.equals(u, o.u)
          && Arrays.equals(v, o.v)
          && Arrays.equals(b, o.b);
    }

    @Override
    public int hashCode() {
      return Objects.hash(rank, Arrays.hashCode(u), Arrays.hashCode(v), Arrays.hashCode(b));
    }

    @Override
    public String toString() {
      return "Affine[rank=" + rank + ", width=" + b.length + "]";
    }
  }

  /**
   * One change, h + g (U V h + b).
   *
   * @param layer the layer, or the block that writes it
   * @param site the place within that block
   * @param positions the tokens it applies to
   * @param affine the map U V h + b
   * @param gate the factor g, read no later than the change applies
   */
  public record Change(Layer layer, Site site, Positions positions, Affine affine, Gate gate) {
    /** Checks the widths, and that the gate is known where the change applies. */
    public Change {
      require(
          site == Site.BLOCK || layer.index() >= 1, "%s is written by no block's attention", layer);
      if (gate.reading() != null) {
        int last = site == Site.BLOCK ? layer.index() : layer.index() - 1;
        require(
            gate.reading().layer().index() <= last,
            "a gate that reads %s comes too late for a change at %s, %s",
            gate.reading().layer(),
            layer,
            site);
        require(
            gate.reading().direction().length == affine.width(),
            "dimensions differ: a gate of %s numbers, an affine map of %s",
            gate.reading().direction().length,
            affine.width());
      }
    }

    /** A change of every token of a layer that no gate limits. */
    public static Change always(Layer layer, Affine affine) {
      return new Change(layer, Site.BLOCK, Positions.ALL, affine, Gate.constant(1));
    }
  }

  /** Checks that there are changes, all of one width. */
  public GatedEdit {
    changes = List.copyOf(changes);
    require(!changes.isEmpty(), "a gated edit without changes");
    for (Change c : changes) {
      require(
          c.affine.width() == changes.get(0).affine.width(),
          "dimensions differ: %s != %s",
          c.affine.width(),
          changes.get(0).affine.width());
    }
  }

  /** D, the width of the hidden states. */
  public int width() {
    return changes.get(0).affine.width();
  }

  /**
   * This edit with every change multiplied by {@code factor}, its gate left as it is. The
   * provenance's setting {@code scaled_by} is the product of all such factors.
   */
  public GatedEdit scaled(double factor) {
    require(Double.isFinite(factor), "the factor must be finite, was %s", factor);
    return new GatedEdit(
        changes.stream()
            .map(c -> new Change(c.layer, c.site, c.positions, c.affine.times(factor), c.gate))
            .toList(),
        VectorHistory.scaled(provenance, factor));
  }

  /**
   * Writes {@code gated_edit.safetensors} and {@code provenance.json} into a folder, which is
   * created if absent.
   *
   * @throws org.alignment4j.core.CheckpointException if writing fails; files of an earlier save are
   *     then unchanged
   */
  @Override
  public void save(Path folder) {
    GatedEditFile.write(this, folder);
  }

  /**
   * Loads an edit that {@link #save} wrote.
   *
   * @throws org.alignment4j.core.CheckpointException if the file is missing or damaged; the message
   *     names file, tensor or member, expected and found
   */
  public static GatedEdit load(Path folder) {
    return GatedEditFile.read(folder);
  }

  /**
   * Writes a full checkpoint that computes, without an adapter, what a view with this edit does.
   * This is possible where the changes are one projection that is always applied at every place: on
   * every token of layers 0 to L and after every attention, with a constant gate g, g V U = -1 and,
   * if b is not zero, (1 + g U V) b = 0. Each matrix W that writes to the residual stream (the
   * embeddings, o_proj and down_proj) becomes W + g U V W (2406.11717, appendix E), and g b is
   * added to the embeddings, since the architectures that this version runs have no bias there. An
   * output layer that was tied to the embeddings is stored as it was. Sums are computed in float64.
   *
   * @param base folder of the model, or its GGUF file
   * @param out folder to write, created if absent; must not be the base's
   * @throws IllegalArgumentException if the edit has no such form; the message names the change
   * @throws org.alignment4j.core.UnsupportedArchitectureException if the architecture has norms
   *     between these matrices and the residual stream, or scales embeddings that b is added to
   * @throws org.alignment4j.core.CheckpointException if base and edit do not match, a sum is out of
   *     the storage type's range, or writing fails
   */
  public void merge(Path base, Path out) {
    new GatedEditMerge(this).write(base, out);
  }
}
