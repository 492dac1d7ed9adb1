package org.alignment4j.data.request;

import static org.alignment4j.core.Arguments.require;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * What a model's tokens cost. Immutable.
 *
 * @param promptPerMillion units of currency for a million tokens read, 0 or more
 * @param completionPerMillion units of currency for a million tokens written, 0 or more
 * @param currency an ISO 4217 code; empty if both are 0
 */
public record Prices(
    BigDecimal promptPerMillion, BigDecimal completionPerMillion, String currency) {
  /** A model that costs nothing, such as a local one. */
  public static final Prices FREE = new Prices(BigDecimal.ZERO, BigDecimal.ZERO, "");

  /**
   * @throws IllegalArgumentException if a price is below 0, or the currency is not three capital
   *     letters
   */
  public Prices {
    require(
        promptPerMillion.signum() >= 0 && completionPerMillion.signum() >= 0,
        "prices must be 0 or more, were %s and %s",
        promptPerMillion,
        completionPerMillion);
    boolean free = promptPerMillion.signum() == 0 && completionPerMillion.signum() == 0;
    require(
        currency.matches("[A-Z]{3}") || (currency.isEmpty() && free),
        "expected three capital letters as currency, found '%s'",
        currency);
  }

  /** The cost of tokens, exact to 12 places behind the point, rounded up. */
  public BigDecimal of(long promptTokens, long completionTokens) {
    return promptPerMillion
        .multiply(BigDecimal.valueOf(promptTokens))
        .add(completionPerMillion.multiply(BigDecimal.valueOf(completionTokens)))
        .movePointLeft(6)
        .setScale(12, RoundingMode.CEILING)
        .stripTrailingZeros();
  }
}
