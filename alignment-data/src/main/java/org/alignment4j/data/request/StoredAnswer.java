package org.alignment4j.data.request;

import java.math.BigDecimal;

/**
 * An answer with what is known of its request.
 *
 * @param answer the answer
 * @param model the name of the model that gave it
 * @param promptHash SHA-256 of the request's messages
 * @param cost what it cost when it was asked for, in units of currency
 * @param currency an ISO 4217 code; empty if the cost is 0
 * @param fromStore whether it was there already
 */
public record StoredAnswer(
    ChatAnswer answer,
    String model,
    String promptHash,
    BigDecimal cost,
    String currency,
    boolean fromStore) {}
