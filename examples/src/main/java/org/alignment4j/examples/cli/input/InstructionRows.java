package org.alignment4j.examples.cli.input;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Preferences;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.StrictJson;
import org.alignment4j.tune.PreferencePair;

/**
 * Instructions with responses: JSON Lines with {@code instruction}, optionally {@code input}, and
 * {@code output} or {@code response}, or self-instruct's {@code instances}; otherwise a preference
 * file, whose chosen responses are used.
 */
public final class InstructionRows {
  private static final long MAX_BYTES = 1 << 28;
  private static final int MAX_LINE = 1 << 22;

  private InstructionRows() {}

  public static List<InstructionSplit.Row> read(Path file) {
    String first = first(file);
    if (first.startsWith("{")
        && first.contains("\"instruction\"")
        && !first.contains("\"chosen\"")) {
      return lines(file);
    }
    List<InstructionSplit.Row> rows = new ArrayList<>();
    for (PreferencePair pair : Preferences.read(file).pairs()) {
      rows.add(
          new InstructionSplit.Row(
              file.getFileName() + ":" + pair.id(), pair.prompt().last().text(), pair.chosen()));
    }
    return rows;
  }

  /** Returns the first line, up to a maximum length. */
  private static String first(Path file) {
    InputFile input = InputFile.data(file);
    try (InputStream in = input.stream()) {
      String beginning = new String(in.readNBytes(MAX_LINE), StandardCharsets.UTF_8);
      return beginning.lines().findFirst().orElse("");
    } catch (IOException e) {
      throw input.failed(e);
    }
  }

  private static List<InstructionSplit.Row> lines(Path file) {
    List<InstructionSplit.Row> rows = new ArrayList<>();
    int number = 0;
    for (String line : InputFile.data(file).text(MAX_BYTES).lines().toList()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      try {
        JsonObject o = StrictJson.object(line);
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
