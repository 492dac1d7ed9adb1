package org.alignment4j.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * What a model was asked in a run, or in all runs over one store. Immutable.
 *
 * @param model the model's name
 * @param sent requests that it answered in this run
 * @param fromStore requests whose answer was there already
 * @param failed requests that it did not answer, after all tries
 * @param retries tries beyond the first of a request
 * @param promptTokens tokens read for requests that were sent
 * @param completionTokens tokens written for these
 * @param cost of these, in units of currency
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
  /** Without retries. */
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
   * This and another account of the same model, added up.
   *
   * @throws IllegalArgumentException if the model differs, or both cost in different currencies
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

  /** Requests that were answered, now or before. */
  public long answered() {
    return sent + fromStore;
  }

  /**
   * What it would come to for more of the same, counted as sent.
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
