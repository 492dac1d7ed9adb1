package org.alignment4j.internal.tensor;

import ai.djl.engine.Engine;
import ai.djl.training.GradientCollector;
import java.util.concurrent.atomic.AtomicReference;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.host.NativeFailure;
import org.jspecify.annotations.Nullable;

/**
 * The exclusive right to compute gradients: DJL has one gradient collector per process, so only one
 * thread can train at a time. Open it in try-with-resources on the training thread; inference on
 * other threads is not affected. A second training throws an exception instead of computing wrong
 * gradients.
 */
public final class GradientScope implements AutoCloseable {
  private static final AtomicReference<@Nullable Thread> OWNER = new AtomicReference<>();

  private final GradientCollector collector;
  private boolean closed;

  private GradientScope(GradientCollector collector) {
    this.collector = collector;
  }

  /**
   * Enables gradients for the calling thread.
   *
   * @throws IllegalStateException if a training is running in this process; the message names its
   *     thread
   */
  public static GradientScope open() {
    DjlDefaults.apply();
    Thread self = Thread.currentThread();
    if (!OWNER.compareAndSet(null, self)) {
      Thread other = OWNER.get();
      throw new IllegalStateException(
          "a training is already running in this process, on thread "
              + (other == null ? "(just ended)" : other.getName())
              + "; run trainings one after the other");
    }
    try {
      return new GradientScope(Engine.getEngine("PyTorch").newGradientCollector());
    } catch (IllegalStateException e) {
      OWNER.set(null);
      throw new IllegalStateException(
          "the application holds a DJL GradientCollector; close it before training", e);
    } catch (ai.djl.engine.EngineException | LinkageError e) {
      OWNER.set(null);
      throw NativeFailure.engine(e);
    } catch (RuntimeException | Error e) {
      OWNER.set(null);
      throw e;
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      collector.close();
      OWNER.set(null);
    }
  }
}
