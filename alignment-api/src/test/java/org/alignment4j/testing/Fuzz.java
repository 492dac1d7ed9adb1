package org.alignment4j.testing;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.alignment4j.core.AlignmentException;
import org.jspecify.annotations.Nullable;

/**
 * Reads many damaged versions of a file. Each must end with a result or an error that is the
 * library's own and names the file, within time and memory.
 *
 * @param file where each version is written
 * @param named what the messages of errors must hold
 * @param refusals the only errors allowed
 * @param cpuSeconds for one version; a version may also wait for {@link #WALL_SECONDS} at most
 * @param heapBytes allocated by the reading thread for one version
 */
public record Fuzz(
    Path file,
    String named,
    Class<? extends AlignmentException> refusals,
    double cpuSeconds,
    long heapBytes) {
  private static final double WALL_SECONDS = 60;
  private static final int SHOWN = 8_000;

  /** Reads the damaged file; its result does not matter. */
  public interface Reader {
    void read() throws IOException;
  }

  /**
   * How many versions could be read and how many were refused.
   *
   * @param read ended with a result
   * @param refused ended with an allowed error
   */
  public record Tally(int read, int refused) {}

  /**
   * Runs {@code count} versions; the same seed gives the same.
   *
   * @throws AssertionError with seed, number and text of the first version that ends otherwise
   */
  public Tally run(int count, long seed, Function<Random, byte[]> versions, Reader reader) {
    Worker worker = new Worker(count, seed, versions, reader);
    worker.setDaemon(true); // one that hangs must not keep the JVM
    worker.start();
    try {
      while (worker.isAlive()) {
        worker.join(50);
        worker.watch();
      }
    } catch (AssertionError e) {
      worker.stopped = true;
      worker.interrupt();
      throw e;
    } catch (InterruptedException e) {
      throw new AssertionError(worker.what(), e);
    }
    Throwable failure = worker.failure;
    if (failure != null) {
      throw failure instanceof AssertionError own
          ? own
          : new AssertionError(worker.what(), failure);
    }
    return new Tally(worker.read, worker.refused);
  }

  private final class Worker extends Thread {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final int count;
    private final long seed;
    private final Function<Random, byte[]> versions;
    private final Reader reader;
    private int read;
    private int refused;
    private volatile boolean stopped;
    private volatile @Nullable Throwable failure;
    private volatile Version now = new Version(-1, new byte[0], 0, 0);

    private record Version(int number, byte[] bytes, long cpu, long wall) {}

    Worker(int count, long seed, Function<Random, byte[]> versions, Reader reader) {
      super("fuzz " + seed);
      this.count = count;
      this.seed = seed;
      this.versions = versions;
      this.reader = reader;
    }

    @Override
    public void run() {
      try {
        for (int i = 0; i < count && !stopped; i++) {
          // Random itself gives seeds that lie close the same first numbers.
          long own = new SplittableRandom(seed * 1_000_003 + i).nextLong();
          byte[] bytes = versions.apply(new Random(own));
          now = new Version(i, bytes, threads.getCurrentThreadCpuTime(), System.nanoTime());
          // A new file each time: overwriting one makes some file systems flush it.
          Files.write(file, bytes);
          one();
          Files.delete(file);
        }
      } catch (Throwable e) {
        failure = e;
      }
    }

    private void one() throws IOException {
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        reader.read();
        read++;
      } catch (AlignmentException e) {
        if (!refusals.isInstance(e) || !String.valueOf(e.getMessage()).contains(named)) {
          throw new AssertionError("not an error that says where it is, of " + what(), e);
        }
        refused++;
      }
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      if (bytes > heapBytes) {
        throw new AssertionError(bytes + " bytes of heap for " + what());
      }
    }

    /**
     * @throws AssertionError if one version takes too long
     */
    void watch() {
      Version current = now;
      long cpu = threads.getThreadCpuTime(getId());
      if (current.number < 0 || cpu < 0 || current != now || !isAlive()) {
        return;
      }
      double seconds = (cpu - current.cpu) / 1e9;
      double waited = (System.nanoTime() - current.wall) / 1e9;
      if (seconds > cpuSeconds || waited > WALL_SECONDS) {
        throw new AssertionError(
            seconds
                + " s of computing, "
                + waited
                + " s in all for "
                + what()
                + "\nat "
                + Arrays.toString(getStackTrace()));
      }
    }

    String what() {
      String text = new String(now.bytes, StandardCharsets.ISO_8859_1);
      String shown = text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
      return "version " + now.number + " of seed " + seed + ": " + shown;
    }
  }
}
