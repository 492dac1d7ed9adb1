package org.alignment4j.steering;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.safety.ReleaseGate.Limits;
import org.jspecify.annotations.Nullable;

/**
 * Edits that remove a direction from the residual stream, or set the component along it.
 * Thread-safe.
 */
public final class DirectionalAblation {
  private DirectionalAblation() {}

  /**
   * Returns the difference of two class means.
   *
   * @param positive states [N1, D] of the class that it points to
   * @param negative states [N2, D]
   * @throws IllegalArgumentException if a class is empty, widths differ or a value is not finite
   */
  public static float[] difference(float[][] positive, float[][] negative) {
    return Directions.narrow(
        Directions.minus(
            Directions.mean("positive", positive), Directions.mean("negative", negative)));
  }

  /**
   * Returns directional ablation (Arditi et al. 2024, 2406.11717, section 2.4): h - r r^T h / r^T r
   * on every token, at the embeddings, after every attention and after every block. {@link
   * GatedEdit#merge} writes the equal weights W - r r^T W / r^T r (appendix E).
   *
   * @param direction r [D], of any length but 0; in the paper the difference of the harmful and the
   *     harmless mean at one layer and one token position, selected as {@code DirectionSelection}
   *     of alignment-actor does
   * @param blocks L of the model
   * @param inputs hashes of the model and of the data that the direction was computed from
   * @throws IllegalArgumentException if the direction is zero or not finite
   */
  public static GatedEdit of(float[] direction, int blocks, Map<String, String> inputs) {
    require(blocks >= 1, "a model of %s blocks", blocks);
    Affine map = Affine.minusProjection(direction);
    List<Change> changes = new ArrayList<>();
    for (int l = 0; l <= blocks; l++) {
      if (l > 0) {
        changes.add(change(l, Site.ATTENTION, map));
      }
      changes.add(change(l, Site.BLOCK, map));
    }
    return new GatedEdit(
        changes,
        new Provenance("directional_ablation", Map.of("blocks", blocks), 0, inputs, Map.of()));
  }

  private static Change change(int layer, Site site, Affine map) {
    return new Change(new Layer(layer), site, Positions.ALL, map, Gate.constant(1));
  }

  /**
   * Returns the direction whose ablation reduces false refusals (Wang et al. 2025, 2410.03415): v_f
   * - lambda (v_f.v_t / v_t.v_t) v_t, to be removed with {@link #of}. With lambda = 1 it is
   * orthogonal to the true refusal direction, so that ablating it leaves the component along that
   * one as it is; lower values remove part of it too.
   *
   * @param falseRefusal v_f [D], the mean of pseudo-harmful prompts minus that of harmless ones;
   *     the paper uses pseudo-harmful prompts that the model refuses
   * @param trueRefusal v_t [D], the mean of harmful prompts minus that of harmless ones
   * @param lambda share of the common component that is taken out, 0 to 1
   * @throws IllegalArgumentException if the widths differ, v_t is zero or lambda is out of range
   */
  public static float[] orthogonalised(float[] falseRefusal, float[] trueRefusal, double lambda) {
    require(lambda >= 0 && lambda <= 1, "lambda must lie in [0, 1], was %s", lambda);
    double[] unit = Directions.unit(Directions.wide(trueRefusal));
    double[] vector = Directions.wide(falseRefusal);
    require(
        unit.length == vector.length, "dimensions differ: %s != %s", vector.length, unit.length);
    double along = lambda * Directions.dot(vector, unit);
    return Directions.narrow(Directions.minus(vector, Directions.times(unit, along)));
  }

  /**
   * Returns affine concept editing (ACE, Marshall et al. 2024, 2411.09003) at one layer, on every
   * token: h - u u^T h + u u^T m + alpha r, with u = r / |r|. The component along r becomes that of
   * the reference for alpha = 0, that of the other class for alpha = 1.
   *
   * @param layer the layer at which the states were read
   * @param positive states [N1, D] of the class for which alpha is 1
   * @param reference states [N2, D] of the class for which alpha is 0, of mean m; r is the
   *     difference of the means
   * @throws IllegalArgumentException if a class is empty, widths differ, the means are equal or a
   *     value is not finite
   */
  public static Change affine(Layer layer, float[][] positive, float[][] reference, double alpha) {
    double[] m = Directions.mean("reference", reference);
    double[] r = Directions.minus(Directions.mean("positive", positive), m);
    double[] unit = Directions.unit(r);
    double along = Directions.dot(unit, m) + alpha * Math.sqrt(Directions.dot(r, r));
    Affine projection = Affine.minusProjection(Directions.narrow(unit));
    return Change.always(
        layer,
        new Affine(
            1, projection.u(), projection.v(), Directions.narrow(Directions.times(unit, along))));
  }

  /**
   * A search for an ablation in the weights that lets a model answer more safe prompts: over the
   * direction (of false refusals, with more or less of the true refusals' taken out of it), the
   * layer it is read at, and how much of it is taken out of what each block's attention and MLP
   * write, under the condition that harmful prompts are still refused and answers to benign ones
   * stay as they are. Random candidates, each measured on a few prompts, the best third of them on
   * three times as many, and so on (successive halving). The result is a LoRA of rank one per
   * matrix. Ours; a kernel over the layers and a direction between layers are known from programs
   * that take refusals away. In families that normalise a block's output before adding it (Gemma 2)
   * what is written is changed before that norm. Immutable; thread-safe if the judge is.
   *
   * <p>The condition is measured on some of the prompts that it is given: check the result with a
   * {@link org.alignment4j.safety.ReleaseGate} on others, under attacks, too.
   */
  public static final class Search {
    private final Settings settings;
    private final RefusalJudge judge;

    /** A search that matches refusal phrases. */
    public Search(Settings settings) {
      this(settings, new StringRefusalJudge());
    }

    /** A search with a judge of answers. */
    public Search(Settings settings, RefusalJudge judge) {
      this.settings = settings;
      this.judge = judge;
    }

    /**
     * Settings.
     *
     * @param candidates number of candidates, 2 or more
     * @param firstPrompts prompts of each class in the first round, 1 or more; three times as many
     *     in each further one
     * @param limits of what is lost, and the length of answers
     * @param seed of the candidates
     */
    public record Settings(int candidates, int firstPrompts, Limits limits, long seed) {
      /** 48 candidates, 8 prompts, 2 %, 0.5 nats and answers of 12 tokens. */
      public static final Settings DEFAULT =
          new Settings(48, 8, new Limits(0.02, 0.02, 0.5, 1.5, 0.05, 2, 12), 1);

      /**
       * @throws IllegalArgumentException if a setting is out of its range
       */
      public Settings {
        require(candidates >= 2, "candidates must be >= 2, was %s", candidates);
        require(firstPrompts >= 1, "firstPrompts must be >= 1, was %s", firstPrompts);
      }

      /** Returns the settings by name. */
      public Map<String, Object> toMap() {
        return Map.of(
            "candidates", candidates,
            "first_prompts", firstPrompts,
            "harmful_loss", limits.harmfulLoss(),
            "divergence", limits.divergence(),
            "tokens", limits.tokens());
      }
    }

    /**
     * Prompts: every second one of a class is for directions, the others for measuring.
     *
     * @param fitSafe prompts to be answered that look harmful
     * @param fitHarmful prompts to be refused
     * @param fitBenign plain prompts
     * @param safe the first ones' counterpart for measuring
     * @param harmful of the second ones
     * @param benign of the third ones
     */
    public record Prompts(
        List<Prompt> fitSafe,
        List<Prompt> fitHarmful,
        List<Prompt> fitBenign,
        List<Prompt> safe,
        List<Prompt> harmful,
        List<Prompt> benign) {
      /**
       * Divides each class.
       *
       * @throws IllegalArgumentException if a class has less than two prompts
       */
      public static Prompts of(List<Prompt> safe, List<Prompt> harmful, List<Prompt> benign) {
        List<List<Prompt>> a = AblationSearch.halves(safe);
        List<List<Prompt>> b = AblationSearch.halves(harmful);
        List<List<Prompt>> c = AblationSearch.halves(benign);
        return new Prompts(a.get(0), b.get(0), c.get(0), a.get(1), b.get(1), c.get(1));
      }
    }

    /**
     * How much is taken out at each block: the most at one depth, linearly less up to a distance,
     * nothing beyond.
     *
     * @param peak depth of the most, as a share of the blocks, 0 to 1
     * @param highest weight there; 1 takes the whole component out
     * @param lowest weight at the distance
     * @param reach the distance, as a share of the blocks
     */
    public record Kernel(double peak, double highest, double lowest, double reach) {
      /** The weight at a layer of a model. */
      public double weight(Layer layer, int blocks) {
        double away = Math.abs(layer.index() - Math.max(1, peak * blocks)) / blocks;
        double within = Math.max(reach, 0.5 / blocks); // the nearest block at least
        return away > within ? 0 : highest + (lowest - highest) * away / within;
      }
    }

    /**
     * A candidate.
     *
     * @param direction depth at which the direction is read, 0 the first and 1 the last of those
     *     searched; between two layers the directions are mixed
     * @param spared how much of the true refusals' unit direction is taken out of the false
     *     refusals' one before
     * @param attention weights of what attention writes
     * @param mlp weights of what MLPs write
     */
    public record Candidate(double direction, double spared, Kernel attention, Kernel mlp) {
      /** Returns the numbers by name. */
      public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("direction", direction);
        map.put("spared", spared);
        map.put("attention", attention.toString());
        map.put("mlp", mlp.toString());
        return map;
      }
    }

    /**
     * A candidate measured.
     *
     * @param number the candidate's, from 0
     * @param candidate the candidate
     * @param prompts number of prompts of each class, or all of one that has fewer
     * @param safeRefused share of safe prompts that are not answered
     * @param harmfulRefused share of harmful prompts that are refused
     * @param divergence KL(changed || unchanged) on answers to benign prompts, nats per token
     * @param violation how far the limits are exceeded; 0 if they are kept
     * @param boundBy the first limit that is not kept; empty if all are
     */
    public record Trial(
        int number,
        Candidate candidate,
        int prompts,
        double safeRefused,
        double harmfulRefused,
        double divergence,
        double violation,
        String boundBy) {}

    /**
     * What was found.
     *
     * @param adapter the best candidate's LoRA; null if none keeps the limits and helps
     * @param trials all measurements, in order
     * @param reason which candidate, or why none
     */
    public record Result(@Nullable LoraAdapter adapter, List<Trial> trials, String reason) {}

    /**
     * Searches.
     *
     * @param finished trials of an interrupted search with the same settings, model and prompts,
     *     which are not repeated
     * @param listener receives each new trial
     * @throws org.alignment4j.core.CancelledException if the thread is interrupted
     */
    public Result run(
        LanguageModel model,
        Prompts prompts,
        List<Trial> finished,
        Consumer<Trial> listener,
        ProgressListener progress) {
      return new AblationSearch(model, settings, judge, prompts, finished, listener, progress)
          .run();
    }
  }
}
