package org.alignment4j.internal.host;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How busy the processors are, as Linux reports it: for how long this process's threads ran and had
 * to wait for a processor, and for how long the processors that it may use were idle. A thread's
 * times take about 20 microseconds to read. Not thread-safe.
 */
public final class ProcessorUse {
  /** Linux reports to programs in hundredths of a second, whatever its own clock. */
  private static final long TICK_NANOS = 10_000_000;

  private final Path proc;
  private final BitSet allowed;

  private ProcessorUse(Path proc, BitSet allowed) {
    this.proc = proc;
    this.allowed = allowed;
  }

  /**
   * @throws IOException if this system does not report it
   */
  public static ProcessorUse ofProcess() throws IOException {
    return of(Path.of("/proc"));
  }

  static ProcessorUse of(Path proc) throws IOException {
    for (String line : Files.readAllLines(proc.resolve("self/status"))) {
      if (line.startsWith("Cpus_allowed_list:")) {
        ProcessorUse use = new ProcessorUse(proc, numbers(line.substring(line.indexOf(':') + 1)));
        if (use.threads().isEmpty()) {
          throw new IOException("no thread has a schedstat in " + proc);
        }
        use.idle();
        return use;
      }
    }
    throw new IOException("no Cpus_allowed_list in " + proc);
  }

  /**
   * Times of one thread since its start, in nanoseconds.
   *
   * @param ran on a processor
   * @param waited for one, ready to run
   */
  public record Times(long ran, long waited) {
    /** The times after {@code earlier}. */
    public Times since(Times earlier) {
      return new Times(ran - earlier.ran, waited - earlier.waited);
    }
  }

  /** The times of this process's threads, by the system's number. */
  public Map<String, Times> threads() {
    String[] names = tasks().list();
    return threads(names == null ? List.of() : List.of(names));
  }

  /** The times of some threads, without those that have ended. */
  public Map<String, Times> threads(Collection<String> numbers) {
    Map<String, Times> all = new HashMap<>();
    Path tasks = tasks().toPath();
    for (String number : numbers) {
      try {
        String text = Files.readString(tasks.resolve(number).resolve("schedstat"));
        String[] fields = text.trim().split(" ", -1);
        all.put(number, new Times(Long.parseLong(fields[0]), Long.parseLong(fields[1])));
      } catch (IOException | RuntimeException e) {
        // ended meanwhile
      }
    }
    return all;
  }

  private File tasks() {
    return proc.resolve("self/task").toFile();
  }

  /**
   * Time that the processors that this process may use were idle since the system's start, summed
   * over them, in nanoseconds; steps of 10 milliseconds.
   */
  public long idle() throws IOException {
    long ticks = 0;
    boolean found = false;
    for (String line : Files.readAllLines(proc.resolve("stat"))) {
      if (!line.startsWith("cpu")) {
        break; // the processors come first
      }
      String[] fields = line.split(" +", -1);
      if (fields[0].length() > 3 && allowed.get(Integer.parseInt(fields[0].substring(3)))) {
        found = true;
        ticks += Long.parseLong(fields[4]) + Long.parseLong(fields[5]);
      }
    }
    if (!found) {
      throw new IOException("no processor in " + proc.resolve("stat"));
    }
    return ticks * TICK_NANOS;
  }

  /** {@code 0-3,7} as numbers. */
  private static BitSet numbers(String list) {
    BitSet all = new BitSet();
    for (String part : list.trim().split(",", -1)) {
      int dash = part.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? part : part.substring(0, dash));
      all.set(first, 1 + (dash < 0 ? first : Integer.parseInt(part.substring(dash + 1))));
    }
    return all;
  }
}
