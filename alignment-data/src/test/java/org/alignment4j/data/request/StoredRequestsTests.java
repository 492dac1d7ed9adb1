package org.alignment4j.data.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger.Budget;
import org.alignment4j.data.request.RequestLedger.BudgetException;
import org.alignment4j.data.request.RequestLedger.Prices;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.data.request.RequestStore.Totals;
import org.alignment4j.data.testing.FakeChatModel;
import org.alignment4j.synthesis.ModelUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StoredRequestsTests {
  private static final Prices PRICES = new Prices(new BigDecimal("3"), new BigDecimal("15"), "USD");

  @TempDir Path folder;

  private static ChatRequest request(int i) {
    return ChatRequest.of(Prompt.user("question " + i), Sampling.of(50, 0.7, 0.95), i);
  }

  private static void inThreads(int n, java.util.function.IntConsumer task) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(n);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < n; t++) {
        int own = t;
        all.add(threads.submit(() -> task.accept(own)));
      }
      for (Future<?> f : all) {
        f.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("cancelled", e);
    }
  }

  /** What was asked of the model "fake". */
  private static ModelUsage usage(RequestLedger requests) {
    return requests.usage().stream()
        .filter(usage -> usage.model().equals("fake"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void eightThreadsWithTheSameRequestsAskForEachOnce() throws Exception {
    FakeChatModel model =
        new FakeChatModel(
            "fake",
            r -> {
              pause(2);
              return FakeChatModel.hashing().answer(r);
            });
    try (RequestStore store = RequestStore.inMemory()) {
      RequestLedger requests = RequestLedger.over(store);
      AtomicInteger paid = new AtomicInteger();
      inThreads(
          8,
          t -> {
            for (int i = 0; i < 50; i++) {
              StoredAnswer a = requests.answer(model, request(i));
              assertEquals(FakeChatModel.hashing().answer(request(i)), a.answer());
              paid.addAndGet(a.fromStore() ? 0 : 1);
            }
          });
      assertEquals(50, model.asked());
      assertEquals(50, paid.get());
      assertEquals(
          new ModelUsage("fake", 50, 350, 0, 0, 500, 250, BigDecimal.ZERO, ""), usage(requests));
    }
  }

  @Test
  void asecondRunPaysForNothingThatIsStored() {
    Path file = folder.resolve("store.db");
    FakeChatModel model = FakeChatModel.hashing();
    List<String> first = new ArrayList<>();
    try (RequestStore store = RequestStore.open(file)) {
      RequestLedger requests = RequestLedger.builder(store).prices("fake", PRICES).build();
      for (int i = 0; i < 10; i++) {
        StoredAnswer a = requests.answer(model, request(i));
        assertEquals(new BigDecimal("0.000105"), a.cost());
        assertEquals(request(i).promptHash(), a.promptHash());
        first.add(a.answer().text());
      }
      assertEquals(new BigDecimal("0.001050"), usage(requests).cost());
    }
    try (RequestStore store = RequestStore.open(file)) {
      RequestLedger requests = RequestLedger.builder(store).prices("fake", PRICES).build();
      for (int i = 0; i < 12; i++) {
        StoredAnswer a = requests.answer(model, request(i));
        assertEquals(i < 10, a.fromStore());
        if (i < 10) {
          assertEquals(first.get(i), a.answer().text());
        }
      }
      assertEquals(12, model.asked());
      assertEquals(10, usage(requests).fromStore());
      assertEquals(2, usage(requests).sent());
    }
  }

  /** The model takes all that it may: with less than the worst reserved it would be exceeded. */
  @Property(tries = 25)
  void theBudgetIsNeverExceeded(
      @ForAll @IntRange(min = 0, max = 30) int most,
      @ForAll @IntRange(min = 0, max = 6000) int tokens,
      @ForAll @IntRange(min = 0, max = 20000) int millionths)
      throws Exception {
    Budget budget = new Budget(most, tokens, BigDecimal.valueOf(millionths).movePointLeft(6));
    FakeChatModel model =
        new FakeChatModel(
            "fake",
            r -> {
              pause((int) (r.seed() % 3));
              boolean all = r.seed() % 2 == 0;
              return new ChatAnswer(
                  "text",
                  Finish.STOP,
                  all ? StoredRequests.promptTokenBound(r) : 20,
                  all ? r.sampling().maxTokens() : 1);
            });
    try (RequestStore store = RequestStore.inMemory()) {
      RequestLedger requests =
          RequestLedger.builder(store).budget(budget).prices("fake", PRICES).build();
      AtomicInteger refused = new AtomicInteger();
      inThreads(
          8,
          t -> {
            for (int i = 0; i < 6; i++) {
              try {
                requests.answer(model, request(6 * t + i));
              } catch (BudgetException e) {
                refused.incrementAndGet();
              }
              Totals spent = store.spent();
              assertTrue(spent.requests() <= most);
              assertTrue(spent.promptTokens() + spent.completionTokens() <= tokens);
              assertTrue(spent.cost().compareTo(budget.money()) <= 0);
            }
          });
      Totals spent = store.spent();
      assertEquals(48, spent.requests() + refused.get());
      // Nothing is refused while there is room for one more.
      long need = 50 + StoredRequests.promptTokenBound(request(10));
      if (refused.get() > 0) {
        boolean full =
            spent.requests() == most
                || spent.promptTokens() + spent.completionTokens() + need > tokens
                || spent.cost().add(PRICES.of(need - 50, 50)).compareTo(budget.money()) > 0;
        assertTrue(full, spent + " of " + budget);
      }
    }
  }

  @Test
  void whatAnEarlierRunSpentCounts() {
    Path file = folder.resolve("store.db");
    FakeChatModel model = FakeChatModel.hashing();
    Budget three = Budget.UNLIMITED.withRequests(3);
    for (int run = 0; run < 2; run++) {
      try (RequestStore store = RequestStore.open(file)) {
        RequestLedger requests = RequestLedger.builder(store).budget(three).build();
        for (int i = 0; i < 3; i++) {
          requests.answer(model, request(i));
        }
        BudgetException e =
            assertThrows(BudgetException.class, () -> requests.answer(model, request(3)));
        assertTrue(e.getMessage().contains("3 requests"), e.getMessage());
        assertFalse(e.getMessage().contains("question"), e.getMessage());
      }
    }
    assertEquals(3, model.asked());
  }

  @Test
  void aFailureIsToldToAllAndStoredNowhere() throws Exception {
    ChatException failure = new ChatException(Kind.TRANSIENT, "busy", null);
    FakeChatModel model =
        new FakeChatModel(
            "fake",
            r -> {
              pause(50);
              throw failure;
            });
    try (RequestStore store = RequestStore.inMemory()) {
      RequestLedger requests = RequestLedger.over(store);
      inThreads(
          4,
          t ->
              assertSame(
                  failure,
                  assertThrows(ChatException.class, () -> requests.answer(model, request(0)))));
      assertTrue(usage(requests).failed() <= 4);
      assertEquals(0, store.spent().requests());
    }
  }

  @Test
  void anInterruptedThreadDoesNotTakeOthersWithIt() throws Exception {
    CountDownLatch asking = new CountDownLatch(1);
    FakeChatModel model =
        new FakeChatModel(
            "fake",
            r -> {
              asking.countDown();
              pause(200);
              return new ChatAnswer("text", Finish.STOP, 1, 1);
            });
    try (RequestStore store = RequestStore.inMemory()) {
      RequestLedger requests = RequestLedger.over(store);
      List<Throwable> first = new ArrayList<>();
      Thread leader =
          new Thread(
              () -> {
                try {
                  requests.answer(model, request(0));
                } catch (CancelledException e) {
                  first.add(e);
                }
              });
      leader.start();
      asking.await();
      ExecutorService other = Executors.newSingleThreadExecutor();
      Future<StoredAnswer> follower = other.submit(() -> requests.answer(model, request(0)));
      Thread.sleep(20);
      leader.interrupt();
      leader.join();
      assertEquals("text", follower.get().answer().text());
      other.shutdown();
      assertEquals(1, first.size());
    }
  }

  @Test
  void aWaitForRoomCanBeInterrupted() throws Exception {
    CountDownLatch asking = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    FakeChatModel model =
        new FakeChatModel(
            "fake",
            r -> {
              asking.countDown();
              try {
                end.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return new ChatAnswer("text", Finish.STOP, 1, 1);
            });
    try (RequestStore store = RequestStore.inMemory()) {
      RequestLedger requests =
          RequestLedger.builder(store).budget(Budget.UNLIMITED.withTokens(300)).build();
      ExecutorService threads = Executors.newFixedThreadPool(2);
      Future<StoredAnswer> one = threads.submit(() -> requests.answer(model, request(0)));
      asking.await();
      List<Throwable> seen = new ArrayList<>();
      Thread waiting =
          new Thread(
              () -> {
                try {
                  requests.answer(model, request(1));
                } catch (CancelledException e) {
                  seen.add(e);
                }
              });
      waiting.start();
      Thread.sleep(50);
      assertEquals(0, seen.size());
      waiting.interrupt();
      waiting.join();
      assertEquals(1, seen.size());
      end.countDown();
      assertEquals("text", one.get().answer().text());
      threads.shutdown();
    }
  }

  @Test
  void moneyNeedsPricesAndOneCurrency() {
    try (RequestStore store = RequestStore.inMemory()) {
      RequestLedger bounded =
          RequestLedger.builder(store).budget(Budget.UNLIMITED.withMoney(BigDecimal.ONE)).build();
      FakeChatModel model = FakeChatModel.hashing();
      assertThrows(IllegalArgumentException.class, () -> bounded.answer(model, request(0)));
      RequestLedger.builder(store).prices("fake", PRICES).build().answer(model, request(0));
      RequestLedger.Builder euros =
          RequestLedger.builder(store)
              .prices("fake", new Prices(BigDecimal.ONE, BigDecimal.ONE, "EUR"));
      assertThrows(IllegalArgumentException.class, euros::build);
    }
  }

  /** Retries of the first request count, and those of runs before, of a killed one too. */
  @Test
  void allRunsOverAStoreAreAccountedFor() {
    Path file = folder.resolve("store.db");
    List<ModelUsage> last = List.of();
    for (int run = 1; run <= 3; run++) {
      RequestStore store = RequestStore.open(file);
      RequestLedger requests = RequestLedger.builder(store).prices("fake", PRICES).build();
      Retrying model = new Retrying();
      // The second is not closed, as if it had been killed.
      for (int i = 0; i < 4 * run; i++) {
        requests.answer(model, request(i));
      }
      assertThrows(ChatException.class, () -> requests.answer(model, request(-1)));
      ModelUsage own = requests.usage().get(0);
      assertEquals(4, own.sent());
      assertEquals(4 * (run - 1), own.fromStore());
      assertEquals(1, own.failed());
      assertEquals(2 * 4 + 2, own.retries());
      last = requests.usageOfAllRuns();
      ModelUsage all = last.get(0);
      assertEquals(4 * run, all.sent());
      assertEquals(run, all.failed());
      assertEquals(run * 10, all.retries());
      assertEquals(4 * run * 10, all.promptTokens());
      assertEquals(4 * run * 5, all.completionTokens());
      assertEquals(new BigDecimal("0.000105").multiply(BigDecimal.valueOf(4 * run)), all.cost());
      assertEquals("USD", all.currency());
      if (run != 2) {
        store.close();
      }
    }
    assertEquals(1, last.size());
  }

  /** Needs three tries for each request; the request of seed -1 gets no answer. */
  private static final class Retrying implements ChatModel {
    private long retries = 7;

    @Override
    public String name() {
      return "fake";
    }

    @Override
    public ChatAnswer answer(ChatRequest request) {
      retries += 2;
      if (request.seed() == -1) {
        throw new ChatException(Kind.TRANSIENT, "busy", null);
      }
      return new ChatAnswer("text", Finish.STOP, 10, 5);
    }

    @Override
    public long retries() {
      return retries;
    }
  }
}
