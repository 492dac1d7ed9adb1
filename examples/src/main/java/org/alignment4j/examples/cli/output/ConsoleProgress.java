package org.alignment4j.examples.cli.output;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * Shows progress on the console: a bar on a terminal, otherwise a plain line from time to time. Not
 * thread-safe.
 */
public final class ConsoleProgress implements ProgressListener, AutoCloseable {
  private static final long QUIET_NANOS = Duration.ofSeconds(5).toNanos();
  private static final int BAR_COLUMNS = 100;

  private final Console console;
  private long lastLine = System.nanoTime();
  private @Nullable ProgressBar bar;
  private String task = "";

  public ConsoleProgress(Console console) {
    this.console = console;
  }

  @Override
  public void onProgress(Progress progress) {
    if (console.terminal()) {
      draw(progress);
    } else if (System.nanoTime() - lastLine >= QUIET_NANOS) {
      lastLine = System.nanoTime();
      console
          .err()
          .println(
              progress.task()
                  + ": "
                  + progress.done()
                  + (progress.total() > 0 ? " of " + progress.total() : "")
                  + (progress.metrics().isEmpty() ? "" : ", " + metrics(progress.metrics())));
    }
  }

  private void draw(Progress progress) {
    ProgressBar current = bar;
    if (current == null || !task.equals(progress.task())) {
      close();
      task = progress.task();
      current =
          new ProgressBarBuilder()
              .setTaskName(Shown.value(task))
              .setInitialMax(progress.total() > 0 ? progress.total() : -1)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(new ConsoleProgressBarConsumer(console.drawing(), BAR_COLUMNS))
              .build();
      bar = current;
    }
    current.stepTo(progress.done());
    current.setExtraMessage(Shown.value(metrics(progress.metrics())));
  }

  private static String metrics(Map<String, Double> metrics) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(metrics)
        .forEach(
            (name, value) ->
                text.append(text.isEmpty() ? "" : " ")
                    .append(name)
                    .append(String.format(Locale.ROOT, " %.4g", value)));
    return text.toString();
  }

  /** Ends the bar, so that the next output starts on a new line. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
