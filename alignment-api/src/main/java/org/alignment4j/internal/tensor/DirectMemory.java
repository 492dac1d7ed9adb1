package org.alignment4j.internal.tensor;

import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.alignment4j.core.OutOfMemoryException;

/**
 * Allocates buffers outside the Java heap, whose total size the JVM limits by a separate setting.
 */
public final class DirectMemory {
  private static final ThreadLocal<SoftReference<ByteBuffer>> REUSED =
      ThreadLocal.withInitial(() -> new SoftReference<>(null));

  private DirectMemory() {}

  /**
   * Allocates a buffer of zeros.
   *
   * @param what the buffer's purpose, for the message
   * @throws OutOfMemoryException if it does not fit; the message names the memory and its setting
   */
  public static ByteBuffer allocate(int bytes, ByteOrder order, String what) {
    try {
      return ByteBuffer.allocateDirect(bytes).order(order);
    } catch (OutOfMemoryError e) {
      throw OutOfMemoryException.of("no room for " + bytes + " bytes of " + what, e);
    }
  }

  /**
   * A buffer in native order that the calling thread used before, or a new one; its contents are
   * undefined. It is in use until the thread's next call.
   *
   * @param what the buffer's purpose, for the message
   * @throws OutOfMemoryException if it does not fit
   */
  public static ByteBuffer reused(int bytes, String what) {
    ByteBuffer kept = REUSED.get().get();
    if (kept == null || kept.capacity() < bytes) {
      kept = allocate(bytes, ByteOrder.nativeOrder(), what);
      REUSED.set(new SoftReference<>(kept));
    }
    return kept.slice(0, bytes).order(ByteOrder.nativeOrder());
  }
}
