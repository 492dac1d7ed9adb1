package org.alignment4j.internal.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.alignment4j.core.OutOfMemoryException;

/** Buffers outside of the Java heap, whose sum the Java machine bounds by a setting of its own. */
public final class DirectMemory {
  private DirectMemory() {}

  /**
   * A buffer of zeros.
   *
   * @param what it is for, for the message
   * @throws OutOfMemoryException if there is no room; names the memory and its setting
   */
  public static ByteBuffer allocate(int bytes, ByteOrder order, String what) {
    try {
      return ByteBuffer.allocateDirect(bytes).order(order);
    } catch (OutOfMemoryError e) {
      throw OutOfMemoryException.of("no room for " + bytes + " bytes of " + what, e);
    }
  }
}
