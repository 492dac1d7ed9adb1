package org.alignment4j.synthesis;

import java.math.BigDecimal;

/**
 * What a model was asked in a run. Immutable.
 *
 * @param model the model's name
 * @param sent requests that it answered in this run
 * @param fromStore requests whose answer was there already
 * @param failed requests that it did not answer, after all tries
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
    long promptTokens,
    long completionTokens,
    BigDecimal cost,
    String currency) {}
