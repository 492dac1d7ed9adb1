package org.alignment4j.data.request;

import static org.alignment4j.internal.text.Arguments.require;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.synthesis.ModelUsage;

/**
 * Sends requests so that none is paid for twice: answers are looked up in a store, and a new one is
 * stored before it is returned. A request that could exceed the budget is not sent. Thread-safe;
 * equal concurrent requests share one answer.
 */
public interface RequestLedger {
  /**
   * Returns the answer to a request, from the store or else from the model.
   *
   * @throws ChatException if the model returns none
   * @throws BudgetException if the request could exceed the budget
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  StoredAnswer answer(ChatModel model, ChatRequest request);

  /**
   * Returns a ledger over a store without a budget; all models are free. Thread-safe; the store is
   * owned by the caller.
   */
  static RequestLedger over(RequestStore store) {
    return builder(store).build();
  }

  /**
   * Starts a builder of a ledger over a store, without a budget and with models that are free.
   *
   * <p>A new request is sent if the budget admits its upper bound: the bound on the prompt's
   * tokens, see {@link Builder#promptTokens}, plus the answer's maximum number of tokens. The
   * budget covers everything in the store, but not the requests that other processes have in
   * flight, so that several processes on one store may exceed it by those. Failed attempts are not
   * counted, although an endpoint may charge for them.
   */
  static Builder builder(RequestStore store) {
    return new Builder(store);
  }

  /**
   * Returns a ledger that counts tokens and cost of every request, also of those that the store
   * answers: the cost of a run from scratch. Thread-safe.
   *
   * @param ledger the ledger that answers the requests
   */
  static RequestLedger counting(RequestLedger ledger) {
    return new CountingRequests(ledger);
  }

  /** Returns the usage of each model through this object so far, sorted by the model's name. */
  List<ModelUsage> usage();

  /**
   * Returns the usage of each model in all runs over the same store, this one included, sorted by
   * the model's name. Equal to {@link #usage} if answers are kept for one run only.
   */
  default List<ModelUsage> usageOfAllRuns() {
    return usage();
  }

  /**
   * An answer with details of its request.
   *
   * @param answer the answer
   * @param model the name of the model that returned it
   * @param promptHash SHA-256 of the request's messages
   * @param cost its cost when it was requested, in units of currency
   * @param currency an ISO 4217 code; empty if the cost is 0
   * @param fromStore whether it came from the store
   */
  record StoredAnswer(
      ChatAnswer answer,
      String model,
      String promptHash,
      BigDecimal cost,
      String currency,
      boolean fromStore) {}

  /**
   * Limits of the total cost of all answers in a store, those of earlier runs included. Immutable.
   *
   * @param requests maximum number of answered requests, 0 or more
   * @param tokens maximum number of tokens, of prompts and answers together, 0 or more
   * @param money maximum cost in units of currency, 0 or more; all models of a run share one
   *     currency
   */
  record Budget(long requests, long tokens, BigDecimal money) {
    /** No limit. */
    public static final Budget UNLIMITED =
        new Budget(Long.MAX_VALUE, Long.MAX_VALUE, new BigDecimal("1e30"));

    /**
     * @throws IllegalArgumentException if a limit is negative
     */
    public Budget {
      require(
          requests >= 0 && tokens >= 0 && money.signum() >= 0,
          "a budget must be 0 or more, was %s requests, %s tokens, %s",
          requests,
          tokens,
          money);
    }

    /** Returns this budget with another limit on requests. */
    public Budget withRequests(long max) {
      return new Budget(max, tokens, money);
    }

    /** Returns this budget with another limit on tokens. */
    public Budget withTokens(long max) {
      return new Budget(requests, max, money);
    }

    /** Returns this budget with another limit on money. */
    public Budget withMoney(BigDecimal max) {
      return new Budget(requests, tokens, max);
    }
  }

  /**
   * Prices of a model's tokens. Immutable.
   *
   * @param promptPerMillion units of currency per million prompt tokens, 0 or more
   * @param completionPerMillion units of currency per million generated tokens, 0 or more
   * @param currency an ISO 4217 code; empty if both are 0
   */
  record Prices(BigDecimal promptPerMillion, BigDecimal completionPerMillion, String currency) {
    /** Prices of a model that is free, such as a local one. */
    public static final Prices FREE = new Prices(BigDecimal.ZERO, BigDecimal.ZERO, "");

    /**
     * @throws IllegalArgumentException if a price is negative, or the currency is not three capital
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

    /** Returns the cost of tokens, rounded up to 12 decimal places. */
    public BigDecimal of(long promptTokens, long completionTokens) {
      return promptPerMillion
          .multiply(BigDecimal.valueOf(promptTokens))
          .add(completionPerMillion.multiply(BigDecimal.valueOf(completionTokens)))
          .movePointLeft(6)
          .setScale(12, RoundingMode.CEILING)
          .stripTrailingZeros();
    }
  }

  /**
   * Thrown if a request was not sent as it could have exceeded the budget; all answers so far are
   * kept.
   */
  final class BudgetException extends AlignmentException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception with a human-readable message. */
    public BudgetException(String message) {
      super(message);
    }
  }

  /** Collects settings. Not thread-safe. */
  final class Builder {
    final RequestStore store;
    Budget budget = Budget.UNLIMITED;
    final Map<String, Prices> prices = new TreeMap<>();
    ToLongFunction<ChatRequest> promptTokens = StoredRequests::promptTokenBound;

    boolean othersAreFree;

    private Builder(RequestStore store) {
      this.store = store;
    }

    /** Sets the limits of the total cost of the store; default unlimited. */
    public Builder budget(Budget value) {
      budget = value;
      return this;
    }

    /**
     * Sets the prices of a model by its name; default free. A budget of money requires those of all
     * models.
     */
    public Builder prices(String model, Prices value) {
      prices.put(model, value);
      return this;
    }

    /**
     * Makes models without prices of their own, such as local ones, free also under a budget of
     * money; by default they are an error there.
     */
    public Builder othersAreFree() {
      othersAreFree = true;
      return this;
    }

    /**
     * Sets an upper bound on a prompt's tokens as the model counts them; the default needs no
     * tokenizer: one token per byte of UTF-8, 8 per message and 128 for a template. A tighter bound
     * admits more concurrent requests near the end of the budget; one that is too low lets the
     * budget be exceeded.
     */
    public Builder promptTokens(ToLongFunction<ChatRequest> value) {
      promptTokens = value;
      return this;
    }

    /**
     * Builds the ledger.
     *
     * @throws IllegalArgumentException if prices and stored answers differ in currency
     */
    public RequestLedger build() {
      return new StoredRequests(this);
    }
  }
}
