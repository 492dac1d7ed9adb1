package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.alignment4j.core.Layer;

/**
 * Refusal directions selected from a grid of candidates, best first, by the published rule (Arditi
 * et al. 2024, appendix C): a direction must induce refusal when added, change little else and come
 * from below the last layers; among these, the one whose ablation lowers refusal most is best.
 * Immutable.
 *
 * @param kept the candidates kept, by ascending refusal score; ties keep the grid's order
 */
public record DirectionSelection(List<Candidate> kept) {
  /** Copies {@code kept}. */
  public DirectionSelection {
    kept = List.copyOf(kept);
  }

  /**
   * Criteria that a candidate must meet.
   *
   * @param depth candidates at layers of floor(depth * L) and above are dropped; in (0, 1]
   * @param maxKlDivergence candidates with a higher KL divergence, in nats, are dropped
   * @param minSteeringScore candidates with a lower steering score, in log-odds, are dropped
   */
  public record Settings(double depth, double maxKlDivergence, double minSteeringScore) {
    /** The published settings: depth 0.8, KL divergence at most 0.1, steering score at least 0. */
    public static final Settings PUBLISHED = new Settings(0.8, 0.1, 0);

    /**
     * @throws IllegalArgumentException if {@code depth} is outside (0, 1] or a bound is NaN
     */
    public Settings {
      require(depth > 0 && depth <= 1, "depth must lie in (0, 1], was %s", depth);
      require(!Double.isNaN(maxKlDivergence), "maxKlDivergence is NaN");
      require(!Double.isNaN(minSteeringScore), "minSteeringScore is NaN");
    }

    private boolean keep(Candidate candidate, int layers) {
      return !Double.isNaN(candidate.refusalScore())
          && !Double.isNaN(candidate.steeringScore())
          && !Double.isNaN(candidate.klDivergence())
          && candidate.layer().index() < (int) Math.floor(depth * layers)
          && candidate.klDivergence() <= maxKlDivergence
          && candidate.steeringScore() >= minSteeringScore;
    }
  }

  /** Selects with {@link Settings#PUBLISHED}. */
  public static DirectionSelection select(List<Candidate> grid, int layers) {
    return select(grid, layers, Settings.PUBLISHED);
  }

  /**
   * Selects from a grid of candidates.
   *
   * @param grid the candidates, in any order
   * @param layers L, the model's number of blocks
   * @throws IllegalArgumentException if {@code layers} is not positive or a candidate lies above
   *     layer L
   */
  public static DirectionSelection select(List<Candidate> grid, int layers, Settings settings) {
    require(layers > 0, "layers must be positive, was %d", layers);
    for (Candidate candidate : grid) {
      require(
          candidate.layer().index() <= layers,
          "%s lies above the model's %d layers",
          candidate.layer(),
          layers);
    }
    return new DirectionSelection(
        grid.stream()
            .filter(candidate -> settings.keep(candidate, layers))
            .sorted(Comparator.comparingDouble(Candidate::refusalScore))
            .toList());
  }

  /** The best candidate, or empty if none was kept. */
  public Optional<Candidate> chosen() {
    return kept.stream().findFirst();
  }

  /**
   * A refusal direction taken at one (position, layer) of the prompt, with its measured effects
   * (Arditi et al. 2024, section 2.3). Scores may be NaN where a measurement failed; such a
   * candidate is never kept.
   *
   * @param position token position from the end of the templated prompt: -1 is the last token
   * @param layer the layer the direction was taken at; the published grids number a block by its
   *     input, which is this layer
   * @param refusalScore mean log-odds of refusal on harmful prompts with the direction ablated; low
   *     means that refusal needs the direction
   * @param steeringScore mean log-odds of refusal on benign prompts with the direction added; high
   *     means that the direction causes refusal
   * @param klDivergence mean KL divergence, in nats, of the next-token distribution on benign
   *     prompts when the direction is ablated; low means that little else is lost
   */
  public record Candidate(
      int position, Layer layer, double refusalScore, double steeringScore, double klDivergence) {}
}
