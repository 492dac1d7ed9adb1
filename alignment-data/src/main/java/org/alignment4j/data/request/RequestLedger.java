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
 * Sends requests so that none is paid for twice: the answer is looked up in the store, and one that
 * is new is stored before it is returned. A request that could go over the budget is not sent.
 * Threads may share it; two that ask the same at once share one answer.
 */
public interface RequestLedger {
  /**
   * The answer to a request, from the store or else from the model.
   *
   * @throws ChatException if the model gives none
   * @throws BudgetException if the request could go over the budget
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  StoredAnswer answer(ChatModel model, ChatRequest request);

  /**
   * A ledger over a store without bounds; all models cost nothing. Thread-safe; the store stays the
   * caller's.
   */
  static RequestLedger over(RequestStore store) {
    return builder(store).build();
  }

  /**
   * Starts a ledger over a store from no bounds and models that cost nothing.
   *
   * <p>A request that is new is sent if the budget has room for the worst that it may come to: the
   * bound on the prompt's tokens, see {@link Builder#promptTokens}, and the most tokens of the
   * answer. The budget holds for everything in the store; of what other processes have under way it
   * does not know, so that several on one store may go over it by that. Tries that fail are not
   * counted, although an endpoint may charge for one that it worked on.
   */
  static Builder builder(RequestStore store) {
    return new Builder(store);
  }

  /**
   * A ledger that counts tokens and cost of what goes through it whether it is sent or answered by
   * the store: what a run would cost from the start. Threads may share it.
   *
   * @param ledger answers the requests
   */
  static RequestLedger counting(RequestLedger ledger) {
    return new CountingRequests(ledger);
  }

  /** What was asked through this object so far, by model; sorted by the model's name. */
  List<ModelUsage> usage();

  /**
   * What was asked in all runs that kept their answers in the same place, this one included, by
   * model; sorted by the model's name. As {@link #usage} where answers are kept for one run only.
   */
  default List<ModelUsage> usageOfAllRuns() {
    return usage();
  }

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
  record StoredAnswer(
      ChatAnswer answer,
      String model,
      String promptHash,
      BigDecimal cost,
      String currency,
      boolean fromStore) {}

  /**
   * What all answers in a store may cost together, those of earlier runs included. Immutable.
   *
   * @param requests most requests that were answered
   * @param tokens most tokens, read and written
   * @param money most units of currency; all models of a run share one currency
   */
  record Budget(long requests, long tokens, BigDecimal money) {
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

  /**
   * What a model's tokens cost. Immutable.
   *
   * @param promptPerMillion units of currency for a million tokens read, 0 or more
   * @param completionPerMillion units of currency for a million tokens written, 0 or more
   * @param currency an ISO 4217 code; empty if both are 0
   */
  record Prices(BigDecimal promptPerMillion, BigDecimal completionPerMillion, String currency) {
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

  /**
   * A request was not sent, for it could have gone over the budget; all answers so far are kept.
   */
  final class BudgetException extends AlignmentException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception with a message for people. */
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

    /** What everything in the store may come to; default no bound. */
    public Builder budget(Budget value) {
      budget = value;
      return this;
    }

    /** What a model of a name costs; default nothing. A budget of money needs those of all. */
    public Builder prices(String model, Prices value) {
      prices.put(model, value);
      return this;
    }

    /**
     * Models without prices of their own, such as local ones, cost nothing even under a budget of
     * money; without this, they are an error there.
     */
    public Builder othersAreFree() {
      othersAreFree = true;
      return this;
    }

    /**
     * A bound on a prompt's tokens as the model counts them; default one that needs no tokenizer: a
     * token for each byte of UTF-8, 8 for each message and 128 for a template. A closer one lets
     * more requests run at once where the budget ends; one that is too low lets the budget be
     * exceeded.
     */
    public Builder promptTokens(ToLongFunction<ChatRequest> value) {
      promptTokens = value;
      return this;
    }

    /**
     * The requests.
     *
     * @throws IllegalArgumentException if prices and what is in the store differ in currency
     */
    public RequestLedger build() {
      return new StoredRequests(this);
    }
  }
}
