package org.alignment4j.internal.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.alignment4j.core.OutOfMemoryException;

/**
 * Allocates buffers outside the Java heap, whose total size the JVM limits by a separate setting.
 */
public final class DirectMemory {
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
}
