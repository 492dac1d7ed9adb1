package org.alignment4j.data.request;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.base.Throwables;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.function.ToLongFunction;
import org.alignment4j.chat.Message;
import org.alignment4j.core.CancelledException;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.RequestLedger.Budget;
import org.alignment4j.data.request.RequestLedger.Prices;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.synthesis.ModelUsage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ledger over a {@link RequestStore}. A request is looked up first; if another thread has sent
 * an equal one, this waits for it; a new one is sent if the budget admits its upper bound, and its
 * answer is stored before it is returned.
 *
 * <p>For the upper bound and the budget see {@link RequestLedger#builder}.
 *
 * <p>Thread-safe. The store is owned by the caller.
 */
final class StoredRequests implements RequestLedger {
  private static final Logger LOG = LoggerFactory.getLogger(StoredRequests.class);

  private final RequestStore store;
  private final Budget budget;
  private final Map<String, Prices> prices;
  private final ToLongFunction<ChatRequest> promptTokens;
  private final boolean othersAreFree;
  private final BudgetGate gate;
  private final ConcurrentMap<String, CompletableFuture<StoredAnswer>> running =
      new ConcurrentHashMap<>();
  private final Map<String, Tally> tallies = new TreeMap<>();

  /** Counters of one model; guarded by {@link #tallies}. */
  private static final class Tally {
    /** The models of this name, usually one, with their retries before their first request here. */
    private final IdentityHashMap<ChatModel, Long> retriesBefore = new IdentityHashMap<>();

    /** The retries that are already counted in the store. */
    private long retriesKept;

    private long sent;
    private long cached;
    private long failed;
    private long promptTokens;
    private long completionTokens;
    private BigDecimal cost = BigDecimal.ZERO;

    void begin(ChatModel model) {
      retriesBefore.computeIfAbsent(model, ChatModel::retries);
    }

    long retries() {
      long sum = 0;
      for (Map.Entry<ChatModel, Long> model : retriesBefore.entrySet()) {
        sum += model.getKey().retries() - model.getValue();
      }
      return sum;
    }

    ModelUsage usage(String name, Prices price) {
      return new ModelUsage(
          name,
          sent,
          cached,
          failed,
          retries(),
          promptTokens,
          completionTokens,
          cost,
          cost.signum() == 0 ? "" : price.currency());
    }
  }

  StoredRequests(RequestLedger.Builder b) {
    store = b.store;
    budget = b.budget;
    prices = Map.copyOf(b.prices);
    promptTokens = b.promptTokens;
    othersAreFree = b.othersAreFree;
    gate = new BudgetGate(budget, store::spent);
    SortedSet<String> currencies = store.currencies();
    prices.values().forEach(p -> currencies.add(p.currency()));
    currencies.remove("");
    require(
        currencies.size() <= 1,
        "one run has one currency, found %s in store and prices",
        currencies);
  }

  @Override
  public StoredAnswer answer(ChatModel model, ChatRequest request) {
    String key = request.key(model);
    while (true) {
      Cancellation.check("a chat request");
      Optional<StoredAnswer> found = store.find(key);
      if (found.isPresent()) {
        return cached(model, found.get());
      }
      CompletableFuture<StoredAnswer> own = new CompletableFuture<>();
      CompletableFuture<StoredAnswer> other = running.putIfAbsent(key, own);
      if (other == null) {
        return lead(key, model, request, own);
      }
      try {
        StoredAnswer a = other.get();
        return cached(
            model,
            new StoredAnswer(a.answer(), a.model(), a.promptHash(), a.cost(), a.currency(), true));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancelledException("a chat request was cancelled", e);
      } catch (ExecutionException e) {
        // Only the other thread was interrupted: this one sends the request itself.
        Throwable cause = e.getCause() == null ? e : e.getCause();
        if (!(cause instanceof CancelledException)) {
          Throwables.throwIfUnchecked(cause);
          throw new IllegalStateException(cause);
        }
      }
    }
  }

  private StoredAnswer lead(
      String key, ChatModel model, ChatRequest request, CompletableFuture<StoredAnswer> own) {
    try {
      // Another thread may have stored it between the look-up and here.
      Optional<StoredAnswer> found = store.find(key);
      StoredAnswer answer =
          found.isPresent() ? cached(model, found.get()) : send(key, model, request);
      own.complete(answer);
      return answer;
    } catch (RuntimeException | Error e) {
      own.completeExceptionally(e);
      throw e;
    } finally {
      running.remove(key, own);
    }
  }

  private StoredAnswer send(String key, ChatModel model, ChatRequest request) {
    Prices price = pricesOf(model);
    begin(model);
    long reading = promptTokens.applyAsLong(request);
    int writing = request.sampling().maxTokens();
    BudgetGate.Need need = new BudgetGate.Need(1, reading + writing, price.of(reading, writing));
    gate.enter(need);
    try {
      ChatAnswer answer;
      try {
        answer = model.answer(request);
      } catch (ChatException e) {
        count(model, t -> t.failed++);
        store.addTries(model.name(), newRetries(model), 1);
        throw e;
      }
      if (answer.promptTokens() > reading || answer.completionTokens() > writing) {
        LOG.warn(
            "{} counts {} + {} tokens, more than the bound of {} + {}",
            model.name(),
            answer.promptTokens(),
            answer.completionTokens(),
            reading,
            writing);
      }
      BigDecimal cost = price.of(answer.promptTokens(), answer.completionTokens());
      StoredAnswer stored =
          store.put(
              key,
              new StoredAnswer(
                  answer,
                  model.name(),
                  request.promptHash(),
                  cost,
                  cost.signum() == 0 ? "" : price.currency(),
                  false));
      count(
          model,
          t -> {
            t.sent++;
            t.promptTokens += answer.promptTokens();
            t.completionTokens += answer.completionTokens();
            t.cost = t.cost.add(cost);
          });
      long retries = newRetries(model);
      if (retries > 0) {
        store.addTries(model.name(), retries, 0);
      }
      return stored;
    } finally {
      gate.leave(need);
    }
  }

  /**
   * Starts a model's counters before its first request; notifies it if it answered in an earlier
   * run.
   */
  private void begin(ChatModel model) {
    boolean first;
    synchronized (tallies) {
      Tally tally = tallies.computeIfAbsent(model.name(), n -> new Tally());
      first = !tally.retriesBefore.containsKey(model);
      tally.begin(model);
    }
    if (first
        && model instanceof OpenAiChatModel endpoint
        && store.totals().containsKey(model.name())) {
      endpoint.knownToAnswer();
    }
  }

  /** Returns the retries of the model, of any request, that the store has not counted yet. */
  private long newRetries(ChatModel model) {
    synchronized (tallies) {
      Tally tally = Objects.requireNonNull(tallies.get(model.name()));
      long all = tally.retries();
      long more = all - tally.retriesKept;
      tally.retriesKept = all;
      return more;
    }
  }

  private Prices pricesOf(ChatModel model) {
    Prices price = prices.get(model.name());
    require(
        price != null || othersAreFree || budget.money().compareTo(Budget.UNLIMITED.money()) >= 0,
        "a budget of money needs the prices of %s; Prices.FREE if it costs nothing",
        model.name());
    return price == null ? Prices.FREE : price;
  }

  private StoredAnswer cached(ChatModel model, StoredAnswer answer) {
    count(model, t -> t.cached++);
    return answer;
  }

  private void count(ChatModel model, java.util.function.Consumer<Tally> change) {
    synchronized (tallies) {
      change.accept(tallies.computeIfAbsent(model.name(), n -> new Tally()));
    }
  }

  @Override
  public List<ModelUsage> usage() {
    List<ModelUsage> all = new ArrayList<>();
    synchronized (tallies) {
      tallies.forEach(
          (name, tally) -> all.add(tally.usage(name, prices.getOrDefault(name, Prices.FREE))));
    }
    return List.copyOf(all);
  }

  /**
   * Returns the usage in the store, with its counters of retries; {@code fromStore} is of this run.
   */
  @Override
  public List<ModelUsage> usageOfAllRuns() {
    Map<String, RequestStore.Totals> paid = store.totals();
    Map<String, RequestStore.Tries> tries = store.tries();
    Map<String, ModelUsage> now = new TreeMap<>();
    usage().forEach(usage -> now.put(usage.model(), usage));
    SortedSet<String> names = new TreeSet<>(paid.keySet());
    names.addAll(tries.keySet());
    names.addAll(now.keySet());
    List<ModelUsage> all = new ArrayList<>();
    for (String name : names) {
      RequestStore.Totals sum = paid.getOrDefault(name, RequestStore.Totals.NONE);
      RequestStore.Tries tried = tries.getOrDefault(name, RequestStore.Tries.NONE);
      ModelUsage own = now.get(name);
      all.add(
          new ModelUsage(
              name,
              sum.requests(),
              own == null ? 0 : own.fromStore(),
              tried.failed(),
              tried.retries(),
              sum.promptTokens(),
              sum.completionTokens(),
              sum.cost(),
              sum.currency()));
    }
    return List.copyOf(all);
  }

  /**
   * Returns an upper bound on a prompt's tokens that needs no tokenizer: one per byte of UTF-8, the
   * maximum of tokenizers with byte tokens, 8 for each message's role marker, and 128 for what a
   * template may add. Most texts have a quarter of it.
   */
  static long promptTokenBound(ChatRequest request) {
    long bound = 128 + bytes(request.schema());
    for (Message message : request.prompt().messages()) {
      bound += 8 + bytes(message.text());
    }
    return bound;
  }

  private static long bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
