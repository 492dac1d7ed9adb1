package org.alignment4j.data.request;

import java.math.BigDecimal;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.alignment4j.core.CancelledException;
import org.alignment4j.data.request.RequestLedger.Budget;
import org.alignment4j.data.request.RequestLedger.BudgetException;

/**
 * Admits requests so that the costs so far and the upper bounds of all requests in flight never
 * exceed a budget together.
 */
final class BudgetGate {
  private final Budget budget;
  private final Supplier<RequestStore.Totals> spent;
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Condition released = lock.newCondition();
  private Need running = new Need(0, 0, BigDecimal.ZERO);

  /** The upper bound of a request's cost. */
  record Need(long requests, long tokens, BigDecimal money) {
    Need plus(Need other) {
      return new Need(
          requests + other.requests, plus(tokens, other.tokens), money.add(other.money));
    }

    Need minus(Need other) {
      return new Need(
          requests - other.requests, tokens - other.tokens, money.subtract(other.money));
    }

    private static long plus(long a, long b) {
      return Math.addExact(a, b);
    }
  }

  BudgetGate(Budget budget, Supplier<RequestStore.Totals> spent) {
    this.budget = budget;
    this.spent = spent;
  }

  /**
   * Blocks until the budget admits the request. Requests in flight may cost less than their upper
   * bounds, so this waits for them before it rejects.
   *
   * @throws BudgetException if the budget would not admit the request even with none in flight
   * @throws CancelledException if the thread is interrupted
   */
  void enter(Need need) {
    try {
      lock.lockInterruptibly();
    } catch (InterruptedException e) {
      throw cancelled(e);
    }
    try {
      while (true) {
        RequestStore.Totals before = spent.get();
        Need done =
            new Need(
                before.requests(),
                before.promptTokens() + before.completionTokens(),
                before.cost());
        if (fits(done.plus(running).plus(need))) {
          running = running.plus(need);
          return;
        }
        if (running.requests() == 0 || !fits(done.plus(need))) {
          throw new BudgetException(
              "a request of at most %d tokens, %s units of money is not in the budget: %s are spent"
                      .formatted(need.tokens(), need.money().toPlainString(), text(done))
                  + " of "
                  + text(new Need(budget.requests(), budget.tokens(), budget.money())));
        }
        released.await();
      }
    } catch (InterruptedException e) {
      throw cancelled(e);
    } finally {
      lock.unlock();
    }
  }

  void leave(Need need) {
    lock.lock();
    try {
      running = running.minus(need);
      released.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean fits(Need all) {
    return all.requests() <= budget.requests()
        && all.tokens() <= budget.tokens()
        && all.money().compareTo(budget.money()) <= 0;
  }

  private static String text(Need need) {
    return "%d requests, %d tokens, %s units of money"
        .formatted(need.requests(), need.tokens(), need.money().toPlainString());
  }

  private static CancelledException cancelled(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new CancelledException("a chat request was cancelled", e);
  }
}
