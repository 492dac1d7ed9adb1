package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.synthesis.ModelUsage;
import org.alignment4j.synthesis.SynthesisReport;

/**
 * An estimate of a run's yield and cost, from a run over a sample of its texts. Immutable.
 *
 * @param texts number of texts of the whole run
 * @param sample number of texts in the sample
 * @param pairs expected number of pairs of the whole run
 * @param usage requests, tokens and cost of the whole run by model
 */
public record SynthesisEstimate(long texts, long sample, double pairs, List<ModelUsage> usage) {
  /** Copies the list. */
  public SynthesisEstimate {
    usage = List.copyOf(usage);
  }

  /**
   * Returns a simulated model, to estimate a run without sending requests: it accepts at a given
   * rate, its texts are random letters, its tokens are four characters each.
   *
   * @param name name of the simulated model, so that its prices apply
   * @param acceptance share of items that it accepts as a judge and as a verifier, 0 to 1
   */
  public static ChatModel standIn(String name, double acceptance) {
    return new SimulatedChat(name, acceptance);
  }

  /**
   * Extrapolates the report of a sample.
   *
   * @param sample the report of the run over the sample, with its usage counted as by {@link
   *     RequestLedger#counting}
   * @param texts number of texts of the whole run
   * @throws IllegalArgumentException if the sample is empty or larger than the whole
   */
  public static SynthesisEstimate scaled(SynthesisReport sample, long texts) {
    require(
        sample.texts() > 0 && sample.texts() <= texts,
        "the sample has %s of %s texts",
        sample.texts(),
        texts);
    double factor = (double) texts / sample.texts();
    return new SynthesisEstimate(
        texts,
        sample.texts(),
        sample.pairs() * factor,
        sample.usage().stream().map(usage -> usage.times(factor)).toList());
  }
}
