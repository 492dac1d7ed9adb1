package org.alignment4j.examples.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A command run within the test's process. */
record CommandRun(int status, String out, String err) {
  static CommandRun of(Object... arguments) {
    return of(false, arguments);
  }

  static CommandRun onTerminal(Object... arguments) {
    return of(true, arguments);
  }

  /** A command that reads what is typed. */
  static CommandRun typing(String input, Object... arguments) {
    return of(false, new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), arguments);
  }

  private static CommandRun of(boolean terminal, Object... arguments) {
    return of(terminal, InputStream.nullInputStream(), arguments);
  }

  private static CommandRun of(boolean terminal, InputStream in, Object... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console =
        new Console(
            in,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            terminal);
    String[] words = Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new);
    int status = Align.run(console, words);
    return new CommandRun(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  JsonObject json() {
    return JsonParser.parseString(out).getAsJsonObject();
  }

  List<String> errorLines() {
    return err.lines().toList();
  }

  /** A copy of a parity checkpoint of the library's tests. */
  static Path parityModel(String family, Path folder) {
    try {
      Files.createDirectories(folder);
      for (String name : List.of("config.json", "model.safetensors", "expected.safetensors")) {
        try (InputStream in =
            CommandRun.class.getResourceAsStream("/parity/" + family + "/" + name)) {
          Files.copy(in, folder.resolve(name));
        }
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
