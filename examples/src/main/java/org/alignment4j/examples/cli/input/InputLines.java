package org.alignment4j.examples.cli.input;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.alignment4j.core.CancelledException;
import org.jspecify.annotations.Nullable;

/**
 * Lines typed or piped in. Another thread reads them, since reading cannot be interrupted and
 * waiting can.
 */
public final class InputLines {
  private sealed interface Read {
    record Line(String text) implements Read {}

    record End() implements Read {}

    record Failure(IOException cause) implements Read {}
  }

  private final BlockingQueue<Read> queue = new LinkedBlockingQueue<>(16);

  public InputLines(InputStream in) {
    Thread reader = new Thread(() -> read(in), "input");
    reader.setDaemon(true);
    reader.start();
  }

  private void read(InputStream in) {
    try {
      queue.put(lines(in));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Read lines(InputStream in) throws InterruptedException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        queue.put(new Read.Line(line));
      }
      return new Read.End();
    } catch (IOException e) {
      return new Read.Failure(e);
    }
  }

  /**
   * Waits for the next line; null at the end of the input, after which it is not called again.
   *
   * @throws CancelledException if this thread is interrupted
   */
  public @Nullable String next() {
    Read read;
    try {
      read = queue.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("the conversation was cancelled");
    }
    if (read instanceof Read.Failure failure) {
      throw new UncheckedIOException(failure.cause());
    }
    return read instanceof Read.Line line ? line.text() : null;
  }
}
