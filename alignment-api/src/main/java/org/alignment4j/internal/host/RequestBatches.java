package org.alignment4j.internal.host;

import static org.alignment4j.internal.text.Arguments.require;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiPredicate;
import java.util.function.Function;
import org.alignment4j.core.CancelledException;

/**
 * Answers the requests of many threads in batches, on a thread of its own: the oldest one and those
 * that may share its batch. Thread-safe; requests beyond the largest batch wait.
 *
 * @param <Q> a request
 * @param <A> an answer
 */
public final class RequestBatches<Q, A> implements AutoCloseable {
  private final int most;
  private final long lingerNanos;
  private final BiPredicate<Q, Q> together;
  private final Function<List<Q>, List<A>> work;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Waiting<Q, A>> queue = new ArrayDeque<>();

  /** The requests that the worker is processing. */
  private List<Waiting<Q, A>> batch = List.of();

  private int largestBatch;
  private boolean closed;
  private final Thread worker;

  /** A request in flight. */
  private static final class Waiting<Q, A> {
    private final Q request;
    private final CompletableFuture<A> answer = new CompletableFuture<>();

    /** Whether no thread waits for it any more; guarded by the lock. */
    private boolean abandoned;

    Waiting(Q request) {
      this.request = request;
    }
  }

  /**
   * @param name of the thread
   * @param most maximum number of requests in a batch, 1 or more
   * @param linger how long a batch waits for further requests, 0 to 1 second
   * @param together whether two requests may share a batch
   * @param work the answers to a batch, in order; interrupted when all of them are cancelled
   */
  public RequestBatches(
      String name,
      int most,
      Duration linger,
      BiPredicate<Q, Q> together,
      Function<List<Q>, List<A>> work) {
    require(most >= 1, "a batch has 1 request or more, was %s", most);
    require(
        !linger.isNegative() && linger.toNanos() <= TimeUnit.SECONDS.toNanos(1),
        "linger must be 0 to 1 second, was %s",
        linger);
    this.most = most;
    this.lingerNanos = linger.toNanos();
    this.together = together;
    this.work = work;
    this.worker = new Thread(this::run, name);
    worker.setDaemon(true);
    worker.start();
  }

  /**
   * Waits for the answer to a request.
   *
   * @throws IllegalStateException if this is closed
   * @throws CancelledException if the thread is interrupted; work for nobody else ends
   * @throws ExecutionException if the work failed, with its exception as the cause: of a request
   *     that fails by itself; {@link IllegalStateException} if this was closed meanwhile
   */
  public A answer(Q request) throws ExecutionException {
    Waiting<Q, A> waiting = new Waiting<>(request);
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("closed");
      }
      queue.add(waiting);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      return waiting.answer.get();
    } catch (InterruptedException e) {
      abandon(waiting);
      Thread.currentThread().interrupt();
      throw new CancelledException("a request was cancelled", e);
    }
  }

  /** Stops the work on a request that no thread waits for, if it is alone in its batch. */
  private void abandon(Waiting<Q, A> waiting) {
    lock.lock();
    try {
      waiting.abandoned = true;
      queue.remove(waiting);
      if (batch.contains(waiting) && batch.stream().allMatch(w -> w.abandoned)) {
        worker.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (true) {
      List<Waiting<Q, A>> some = next();
      if (some.isEmpty()) {
        return;
      }
      try {
        answer(some);
      } finally {
        lock.lock();
        try {
          batch = List.of();
          // The interrupt was meant for the previous batch.
          Thread.interrupted();
        } finally {
          lock.unlock();
        }
      }
    }
  }

  /**
   * Waits for requests; returns the oldest and those that can share its batch. Empty when closed.
   */
  private List<Waiting<Q, A>> next() {
    lock.lock();
    try {
      while (true) {
        while (queue.isEmpty() && !closed) {
          changed.awaitUninterruptibly();
        }
        long left = lingerNanos;
        while (!closed && left > 0 && queue.size() < most) {
          try {
            left = changed.awaitNanos(left);
          } catch (InterruptedException e) {
            // Nothing runs that could be cancelled: a late interrupt of the previous batch.
            break;
          }
        }
        if (closed) {
          queue.forEach(w -> w.answer.completeExceptionally(closedWhileWaiting()));
          queue.clear();
          return List.of();
        }
        List<Waiting<Q, A>> some = new ArrayList<>();
        for (Iterator<Waiting<Q, A>> i = queue.iterator(); i.hasNext() && some.size() < most; ) {
          Waiting<Q, A> w = i.next();
          if (some.isEmpty() || together.test(some.get(0).request, w.request)) {
            some.add(w);
            i.remove();
          }
        }
        // Else all requests were abandoned meanwhile.
        if (!some.isEmpty()) {
          batch = some;
          largestBatch = Math.max(largestBatch, some.size());
          return some;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private static IllegalStateException closedWhileWaiting() {
    return new IllegalStateException("closed before it was answered");
  }

  private void answer(List<Waiting<Q, A>> some) {
    try {
      List<A> all = work.apply(some.stream().map(w -> w.request).toList());
      for (int i = 0; i < some.size(); i++) {
        some.get(i).answer.complete(all.get(i));
      }
    } catch (CancelledException e) {
      some.forEach(w -> w.answer.completeExceptionally(closedWhileWaiting()));
    } catch (RuntimeException e) {
      if (some.size() == 1) {
        some.get(0).answer.completeExceptionally(e);
      } else {
        // A request that does not fit must not fail the others.
        some.forEach(w -> answer(List.of(w)));
      }
    } catch (Error e) {
      // The worker continues, or later requests would wait for ever.
      some.forEach(w -> w.answer.completeExceptionally(e));
    }
  }

  /** The largest number of requests in one batch so far. */
  public int largestBatch() {
    lock.lock();
    try {
      return largestBatch;
    } finally {
      lock.unlock();
    }
  }

  /** Stops the thread and waits for its end; requests in flight fail. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      worker.interrupt();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (worker.isAlive()) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
