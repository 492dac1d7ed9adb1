package org.alignment4j.data.request;

import static org.alignment4j.core.Arguments.require;

import java.math.BigDecimal;

/**
 * What all answers in a store may cost together, those of earlier runs included. Immutable.
 *
 * @param requests most requests that were answered
 * @param tokens most tokens, read and written
 * @param money most units of currency; all models of a run share one currency
 */
public record Budget(long requests, long tokens, BigDecimal money) {
  /** No bound. */
  public static final Budget UNLIMITED =
      new Budget(Long.MAX_VALUE, Long.MAX_VALUE, new BigDecimal("1e30"));

  /**
   * @throws IllegalArgumentException if a bound is below 0
   */
  public Budget {
    require(
        requests >= 0 && tokens >= 0 && money.signum() >= 0,
        "a budget must be 0 or more, was %s requests, %s tokens, %s",
        requests,
        tokens,
        money);
  }

  /** This budget with another bound on requests. */
  public Budget withRequests(long most) {
    return new Budget(most, tokens, money);
  }

  /** This budget with another bound on tokens. */
  public Budget withTokens(long most) {
    return new Budget(requests, most, money);
  }

  /** This budget with another bound on money. */
  public Budget withMoney(BigDecimal most) {
    return new Budget(requests, tokens, most);
  }
}
