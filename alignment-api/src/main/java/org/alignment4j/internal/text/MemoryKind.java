package org.alignment4j.internal.text;

import java.util.Locale;

/**
 * The memory that an {@link OutOfMemoryError} speaks of. Java has one error for several, and more
 * heap helps against one of them only.
 */
public enum MemoryKind {
  /** Objects. */
  HEAP("the Java heap is full", "set -Xmx to more"),
  /** Buffers outside of the heap, which tensors are copied through. */
  DIRECT(
      "the memory for direct buffers, which lie outside of the Java heap, is used up",
      "set -XX:MaxDirectMemorySize to more; it is as large as -Xmx says unless set"),
  /** Classes. */
  CLASSES(
      "the Java machine's memory for classes is used up",
      "set -XX:MaxMetaspaceSize, or -XX:CompressedClassSpaceSize, to more; class loaders that are"
          + " never freed use it up too"),
  /** Threads of the operating system. */
  THREADS(
      "the system gives no further thread",
      "raise the limit of processes (ulimit -u, the container's pids limit), use fewer threads, or"
          + " leave more memory outside of the heap"),
  /** A file mapped into memory, or memory of the system. */
  SYSTEM(
      "the system gives this process no more memory",
      "leave more outside of the Java heap (a smaller -Xmx, a larger container), and look at"
          + " ulimit -v and vm.max_map_count"),
  /** One array. */
  ARRAY("one array would be longer than Java allows", "more memory does not help");

  private final String shortage;
  private final String remedy;

  MemoryKind(String shortage, String remedy) {
    this.shortage = shortage;
    this.remedy = remedy;
  }

  /** What the error's message speaks of; {@link #HEAP} if it does not say. */
  public static MemoryKind of(OutOfMemoryError error) {
    String message = String.valueOf(error.getMessage()).toLowerCase(Locale.ROOT);
    if (message.contains("direct")) {
      return DIRECT;
    } else if (message.contains("metaspace") || message.contains("compressed class space")) {
      return CLASSES;
    } else if (message.contains("native thread") || message.contains("process/resource limits")) {
      return THREADS;
    } else if (message.contains("exceeds vm limit")
        || message.contains("required length")
        || message.contains("out of range")) {
      return ARRAY;
    } else if (message.contains("map failed") || message.contains("out of swap")) {
      return SYSTEM;
    }
    return HEAP;
  }

  /** What is short. */
  public String shortage() {
    return shortage;
  }

  /** What gives more of it, in the Java machine's own options. */
  public String remedy() {
    return remedy;
  }

  /** Shortage, the error's own words, remedy. */
  public String explanation(OutOfMemoryError error) {
    return shortage + " (" + error.getMessage() + "); " + remedy;
  }
}
