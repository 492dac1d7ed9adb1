package org.alignment4j.examples.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Preferences;
import org.alignment4j.data.induction.InstructionSplit;
import org.alignment4j.tune.PreferencePair;

/**
 * Instructions with responses: JSON Lines with {@code instruction}, perhaps {@code input}, and
 * {@code output} or {@code response}, or self-instruct's {@code instances}; else a preference file,
 * of which the chosen responses are taken.
 */
final class InstructionRows {
  private InstructionRows() {}

  static List<InstructionSplit.Row> read(Path file) {
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      String first = reader.readLine();
      if (first != null
          && first.startsWith("{")
          && first.contains("\"instruction\"")
          && !first.contains("\"chosen\"")) {
        return lines(file, first, reader);
      }
    } catch (IOException e) {
      throw new BadDataException("cannot read " + file + ": " + e, e);
    }
    List<InstructionSplit.Row> rows = new ArrayList<>();
    for (PreferencePair pair : Preferences.read(file).pairs()) {
      rows.add(
          new InstructionSplit.Row(
              file.getFileName() + ":" + pair.id(), pair.prompt().last().text(), pair.chosen()));
    }
    return rows;
  }

  private static List<InstructionSplit.Row> lines(Path file, String first, BufferedReader reader)
      throws IOException {
    List<InstructionSplit.Row> rows = new ArrayList<>();
    int number = 1;
    for (String line = first; line != null; line = reader.readLine(), number++) {
      if (line.isBlank()) {
        continue;
      }
      try {
        JsonObject o = JsonParser.parseString(line).getAsJsonObject();
        JsonObject answered = o;
        JsonArray instances = o.getAsJsonArray("instances");
        if (instances != null) {
          answered = instances.get(0).getAsJsonObject();
        }
        String input = text(answered, "input");
        String instruction = text(o, "instruction");
        String output = text(answered, "output");
        rows.add(
            new InstructionSplit.Row(
                file.getFileName() + ":" + number,
                input.isBlank() ? instruction : instruction + "\n\n" + input,
                output.isEmpty() ? text(answered, "response") : output));
      } catch (JsonParseException
          | IllegalStateException
          | ClassCastException
          | IndexOutOfBoundsException e) {
        throw new BadDataException(
            file + ", line " + number + ": expected instruction and output, found something else",
            e);
      }
    }
    return rows;
  }

  private static String text(JsonObject o, String key) {
    JsonElement value = o.get(key);
    return value == null || value.isJsonNull() ? "" : value.getAsString();
  }
}
