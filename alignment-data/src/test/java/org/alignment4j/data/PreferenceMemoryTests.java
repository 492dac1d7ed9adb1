package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JVM with a small heap writes and reads files that it could not hold. */
@Tag("slow")
class PreferenceMemoryTests {
  private static final int HEAP_MIB = 64;
  private static final int ROWS = 200;
  private static final int MIB = 1 << 20;

  private final Path folder;

  PreferenceMemoryTests(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void memoryIsBoundedByRowsNotByFiles() throws Exception {
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + HEAP_MIB + "m",
                "-cp",
                System.getProperty("java.class.path"),
                PreferenceMemoryTests.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "the program did not end");
      assertEquals(0, process.exitValue(), () -> read(log));
    } finally {
      process.destroyForcibly();
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Rows of 1 MiB each. */
  public static void main(String[] args) {
    for (String name : List.of("a.jsonl.gz", "a.csv.gz", "a.parquet")) {
      Path file = Path.of(args[0], name);
      try (PreferenceWriter out = PreferenceWriter.open(file, Layout.TRL_STANDARD)) {
        for (int i = 0; i < ROWS; i++) {
          String text = "\"text\",\n".repeat(MIB / 32) + i;
          out.write(new PreferencePair("i" + i, Prompt.user(text), "c" + text, "r" + text));
        }
        out.commit();
      }
      count(file);
    }
    count(array(Path.of(args[0], "a.jsonl.gz")));
  }

  /** The rows of a file of JSON Lines as one array. */
  private static Path array(Path lines) {
    Path file = lines.resolveSibling("a.json.gz");
    try (BufferedReader in =
            new BufferedReader(
                new InputStreamReader(
                    new GZIPInputStream(Files.newInputStream(lines)), StandardCharsets.UTF_8));
        Writer out =
            new OutputStreamWriter(
                new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8)) {
      String comma = "[";
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.write(comma);
        out.write(line);
        comma = ",";
      }
      out.write("]");
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void count(Path file) {
    try (Stream<PreferencePair> pairs =
        PreferenceFile.of(file)
            .pairs(
                bad -> {
                  throw new IllegalStateException(bad.toString());
                })) {
      if (pairs.count() != ROWS) {
        throw new IllegalStateException(file + ": rows are missing");
      }
    }
  }
}
