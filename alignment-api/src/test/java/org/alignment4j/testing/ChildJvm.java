package org.alignment4j.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A program of the tests in a JVM of its own, for what may kill one. */
public final class ChildJvm implements AutoCloseable {
  private final Path folder;
  private final Process process;

  private ChildJvm(Path folder, Process process) {
    this.folder = folder;
    this.process = process;
  }

  /** Starts a main class; its output and crash report go to files in {@code folder}. */
  public static ChildJvm start(Path folder, Class<?> main, Object... arguments) throws IOException {
    return start(folder, List.of("-Xmx512m"), main, arguments);
  }

  /** The same with options of the JVM. */
  public static ChildJvm start(
      Path folder, List<String> options, Class<?> main, Object... arguments) throws IOException {
    Files.createDirectories(folder);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(
        List.of(
            "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=" + folder.resolve("crash"),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            main.getName()));
    for (Object a : arguments) {
      command.add(a.toString());
    }
    return new ChildJvm(
        folder,
        new ProcessBuilder(command)
            .redirectOutput(file(folder, "output"))
            .redirectError(file(folder, "errors"))
            .start());
  }

  private static File file(Path folder, String name) {
    return folder.resolve(name).toFile();
  }

  /** Waits until the program has printed something or ended. */
  public void awaitOutput() throws IOException, InterruptedException {
    while (process.isAlive() && output().isEmpty()) {
      Thread.sleep(5);
    }
  }

  /** Asks the process to end (SIGTERM). */
  public void terminate() {
    process.destroy();
  }

  /** Ends the process at once (SIGKILL). */
  public void kill() {
    process.destroyForcibly();
  }

  /** Whether it runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for the end and gives the exit status. */
  public int await() throws InterruptedException {
    return process.waitFor();
  }

  /** What the program printed so far. */
  public String output() throws IOException {
    return Files.readString(folder.resolve("output"));
  }

  /** Its standard error, for messages of failed assertions. */
  public String errors() {
    try {
      return Files.readString(folder.resolve("errors"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Whether the JVM wrote a crash report. */
  public boolean crashed() {
    return Files.exists(folder.resolve("crash"));
  }

  @Override
  public void close() {
    kill();
  }
}
