package org.alignment4j.internal.text;

import java.util.Locale;

/**
 * The memory that an {@link OutOfMemoryError} refers to. Java has one error for several, and a
 * larger heap helps against one of them only.
 */
public enum MemoryKind {
  /** Objects. */
  HEAP("the Java heap is full", "increase -Xmx"),
  /** Buffers outside the heap, through which tensors are copied. */
  DIRECT(
      "the memory for direct buffers, which are outside the Java heap, is used up",
      "increase -XX:MaxDirectMemorySize, whose default is -Xmx"),
  /** Classes. */
  CLASSES(
      "the JVM's memory for classes is used up",
      "increase -XX:MaxMetaspaceSize or -XX:CompressedClassSpaceSize; class loaders that are"
          + " never freed use it up too"),
  /** Threads of the operating system. */
  THREADS(
      "the system cannot create another thread",
      "raise the limit of processes (ulimit -u, the container's pids limit), use fewer threads, or"
          + " leave more memory outside the heap"),
  /** A file mapped into memory, or memory of the system. */
  SYSTEM(
      "the system has no more memory for this process",
      "leave more outside the Java heap (a smaller -Xmx, a larger container), and check"
          + " ulimit -v and vm.max_map_count"),
  /** One array. */
  ARRAY("one array would be longer than Java allows", "more memory does not help");

  private final String shortage;
  private final String remedy;

  MemoryKind(String shortage, String remedy) {
    this.shortage = shortage;
    this.remedy = remedy;
  }

  /** Returns the memory that the error's message names; {@link #HEAP} if it names none. */
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

  /** A description of the exhausted memory. */
  public String shortage() {
    return shortage;
  }

  /** A description of the JVM options that increase it. */
  public String remedy() {
    return remedy;
  }

  /** Shortage, the error's message, remedy. */
  public String explanation(OutOfMemoryError error) {
    return shortage + " (" + error.getMessage() + "); " + remedy;
  }
}
