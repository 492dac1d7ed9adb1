package org.alignment4j.actor;

import static org.alignment4j.core.Arguments.require;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The candidates that a grid of refusal directions keeps, best first, by the rule published with
 * the refusal direction (Arditi et al. 2024, appendix C): a direction must cause refusal, cost
 * little else and lie below the last layers; of these the one without which refusal falls most is
 * best. Immutable.
 *
 * @param kept the candidates kept, by ascending refusal score; equals stay in the grid's order
 */
public record DirectionSelection(List<DirectionCandidate> kept) {
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

    private boolean keep(DirectionCandidate candidate, int layers) {
      return !Double.isNaN(candidate.refusalScore())
          && !Double.isNaN(candidate.steeringScore())
          && !Double.isNaN(candidate.klDivergence())
          && candidate.layer().index() < (int) Math.floor(depth * layers)
          && candidate.klDivergence() <= maxKlDivergence
          && candidate.steeringScore() >= minSteeringScore;
    }
  }

  /** Selects with {@link Settings#PUBLISHED}. */
  public static DirectionSelection select(List<DirectionCandidate> grid, int layers) {
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
  public static DirectionSelection select(
      List<DirectionCandidate> grid, int layers, Settings settings) {
    require(layers > 0, "layers must be positive, was %d", layers);
    for (DirectionCandidate candidate : grid) {
      require(
          candidate.layer().index() <= layers,
          "%s lies above the model's %d layers",
          candidate.layer(),
          layers);
    }
    return new DirectionSelection(
        grid.stream()
            .filter(candidate -> settings.keep(candidate, layers))
            .sorted(Comparator.comparingDouble(DirectionCandidate::refusalScore))
            .toList());
  }

  /** The best candidate, or empty if none was kept. */
  public Optional<DirectionCandidate> chosen() {
    return kept.stream().findFirst();
  }
}
