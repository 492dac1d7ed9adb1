package org.alignment4j.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * The requests to a model in a run, or in all runs over one store, with tokens and cost. Immutable.
 *
 * @param model the model's name
 * @param sent number of requests that the model answered in this run
 * @param fromStore number of requests whose completion was in the store already
 * @param failed number of requests that failed after all retries
 * @param retries number of attempts beyond the first of each request
 * @param promptTokens prompt tokens of the requests that were sent
 * @param completionTokens completion tokens of these requests
 * @param cost the cost of these requests, in units of {@code currency}
 * @param currency an ISO 4217 code; empty if the cost is 0
 */
public record ModelUsage(
    String model,
    long sent,
    long fromStore,
    long failed,
    long retries,
    long promptTokens,
    long completionTokens,
    BigDecimal cost,
    String currency) {
  /** Creates a usage without retries. */
  public ModelUsage(
      String model,
      long sent,
      long fromStore,
      long failed,
      long promptTokens,
      long completionTokens,
      BigDecimal cost,
      String currency) {
    this(model, sent, fromStore, failed, 0, promptTokens, completionTokens, cost, currency);
  }

  /**
   * Returns the sum of this and another usage of the same model.
   *
   * @throws IllegalArgumentException if the models differ, or both have costs in different
   *     currencies
   */
  public ModelUsage plus(ModelUsage other) {
    require(model.equals(other.model), "%s cannot be added to %s", other.model, model);
    require(
        currency.isEmpty() || other.currency.isEmpty() || currency.equals(other.currency),
        "costs in %s cannot be added to costs in %s",
        other.currency,
        currency);
    return new ModelUsage(
        model,
        sent + other.sent,
        fromStore + other.fromStore,
        failed + other.failed,
        retries + other.retries,
        promptTokens + other.promptTokens,
        completionTokens + other.completionTokens,
        cost.add(other.cost),
        currency.isEmpty() ? other.currency : currency);
  }

  /** The number of requests with a completion, from this run or the store. */
  public long answered() {
    return sent + fromStore;
  }

  /**
   * Extrapolates this usage: all figures multiplied by a factor, as if all requests were sent.
   *
   * @param factor 0 or more
   */
  public ModelUsage times(double factor) {
    require(factor >= 0 && Double.isFinite(factor), "the factor must be 0 or more, was %s", factor);
    return new ModelUsage(
        model,
        Math.round(answered() * factor),
        0,
        0,
        Math.round(promptTokens * factor),
        Math.round(completionTokens * factor),
        cost.multiply(BigDecimal.valueOf(factor)).setScale(6, RoundingMode.HALF_UP),
        currency);
  }
}
