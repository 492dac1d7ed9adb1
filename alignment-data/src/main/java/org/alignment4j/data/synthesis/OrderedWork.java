package org.alignment4j.data.synthesis;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.alignment4j.core.CancelledException;

/**
 * A pipeline of two steps that run on several threads, each followed by a step on the calling
 * thread that gets the items one by one in input order, so that the output does not depend on the
 * threads. The number of items in flight is limited.
 *
 * @param <I> the input
 * @param <M> the output of the first parallel step
 * @param <N> the output of the step between
 * @param <O> the output of the second parallel step
 */
final class OrderedWork<I, M, N, O> {
  /** Items in flight per thread: enough that a slow one does not leave the other threads idle. */
  private static final int AHEAD = 4;

  private final int threads;
  private final String task;
  private final Function<I, M> first;
  private final Function<M, List<N>> between;
  private final Function<N, O> second;
  private final Consumer<O> last;

  OrderedWork(
      int threads,
      String task,
      Function<I, M> first,
      Function<M, List<N>> between,
      Function<N, O> second,
      Consumer<O> last) {
    this.threads = threads;
    this.task = task;
    this.first = first;
    this.between = between;
    this.second = second;
    this.last = last;
  }

  /**
   * Processes the items.
   *
   * @param enough checked before each item is started; once true, items in flight are finished and
   *     no other is started
   * @throws RuntimeException the first, in the items' order, that a step threw; running steps have
   *     ended by then
   */
  void run(Iterator<I> items, BooleanSupplier enough) {
    ExecutorService pool =
        Executors.newFixedThreadPool(
            threads,
            work -> {
              Thread thread = new Thread(work, task);
              thread.setDaemon(true);
              return thread;
            });
    try {
      go(pool, items, enough);
    } catch (InterruptedException e) {
      pool.shutdownNow();
      Thread.currentThread().interrupt();
      throw new CancelledException(task + " was cancelled", e);
    } catch (Throwable e) {
      // Answers in flight are paid for: let them arrive and be stored, start no other.
      pool.shutdown();
      throw e;
    } finally {
      end(pool);
    }
  }

  private void go(ExecutorService pool, Iterator<I> items, BooleanSupplier enough)
      throws InterruptedException {
    Deque<Future<M>> firsts = new ArrayDeque<>();
    Deque<Future<O>> seconds = new ArrayDeque<>();
    try {
      while (true) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        while (firsts.size() < AHEAD * threads && !enough.getAsBoolean() && items.hasNext()) {
          I item = items.next();
          firsts.add(pool.submit(() -> first.apply(item)));
        }
        if (!firsts.isEmpty() && seconds.size() < AHEAD * threads) {
          for (N next : between.apply(value(firsts.remove()))) {
            seconds.add(pool.submit(() -> second.apply(next)));
          }
        } else if (!seconds.isEmpty()) {
          last.accept(value(seconds.remove()));
        } else if (firsts.isEmpty()) {
          return;
        }
        // Finished items are passed on without waiting for those of the other step.
        while (!seconds.isEmpty() && seconds.element().isDone()) {
          last.accept(value(seconds.remove()));
        }
      }
    } catch (RuntimeException | Error | InterruptedException e) {
      firsts.forEach(future -> future.cancel(false));
      seconds.forEach(future -> future.cancel(false));
      throw e;
    }
  }

  private static <T> T value(Future<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      if (cause instanceof Error failure) {
        throw failure;
      }
      throw new IllegalStateException("a step threw what it does not declare", cause);
    }
  }

  private void end(ExecutorService pool) {
    pool.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (pool.awaitTermination(1, TimeUnit.HOURS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
        pool.shutdownNow();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
