package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.alignment4j.core.Layer;

/**
 * The candidates that a grid of refusal directions keeps, best first, by the rule published with
 * the refusal direction (Arditi et al. 2024, appendix C): a direction must cause refusal, cost
 * little else and lie below the last layers; of these the one without which refusal falls most is
 * best. Immutable.
 *
 * @param kept the candidates kept, by ascending refusal score; equals stay in the grid's order
 */
public record DirectionSelection(List<Candidate> kept) {
  /** Copies {@code kept}. */
  public DirectionSelection {
    kept = List.copyOf(kept);
  }

  /**
   * What a candidate must satisfy.
   *
   * @param depth candidates at layers of floor(depth * L) and above are dropped; in (0, 1]
   * @param maxKlDivergence candidates above it, in nats, are dropped
   * @param minSteeringScore candidates below it, in log-odds, are dropped
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
   * A refusal direction taken at one (position, layer) of the prompt, with what it was measured to
   * cause (Arditi et al. 2024, section 2.3). Scores may be NaN where a measurement failed; such a
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
