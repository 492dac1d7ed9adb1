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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.examples.cli.output.Console;
import picocli.CommandLine;

/** A command run within the test's process. */
public record CommandRun(int status, String out, String err) {
  private static final List<String> PLACES =
      List.of("France", "Italy", "Spain", "Peru", "Japan", "Egypt", "Kenya", "Chile");

  public static CommandRun of(Object... arguments) {
    return of(false, arguments);
  }

  public static CommandRun onTerminal(Object... arguments) {
    return of(true, arguments);
  }

  /** A command that reads what is typed. */
  public static CommandRun typing(String input, Object... arguments) {
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

  /** All commands. */
  public static CommandLine commands() {
    return Align.line();
  }

  public JsonObject json() {
    return JsonParser.parseString(out).getAsJsonObject();
  }

  public List<String> errorLines() {
    return err.lines().toList();
  }

  /** A copy of a parity checkpoint of the library's tests. */
  public static Path parityModel(String family, Path folder) {
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

  /** Eight pairs, with a row without a rejected response in the third place. */
  public static Path pairs(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String place : PLACES) {
      lines.add(
          "{\"prompt\": \"What is the capital of "
              + place
              + "?\", \"chosen\": \"Good day. It is the one.\", \"rejected\": \"No idea, sorry.\"}");
    }
    lines.add(2, "{\"prompt\": \"Hello\", \"chosen\": \"Hello\"}");
    return Files.writeString(folder.resolve("pairs.jsonl"), String.join("\n", lines));
  }
}
