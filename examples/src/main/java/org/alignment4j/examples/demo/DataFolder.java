package org.alignment4j.examples.demo;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.StrictJson;

/** Reads the public data sets of the demonstration model from one folder, in their own formats. */
final class DataFolder {
  private final Path root;

  DataFolder(Path root) {
    this.root = root;
  }

  Path file(DataSource source) {
    return root.resolve(source.file());
  }

  List<SourceRow> read(DataSource source) {
    return switch (source) {
      case ADVBENCH -> csv(file(source), "goal");
      case XSTEST -> csv(file(source), "prompt");
      case JAILBREAKBENCH -> csv(file(source), "Goal");
      case STRONGREJECT -> csv(file(source), "forbidden_prompt");
      case ULTRAFEEDBACK ->
          json(
              file(source),
              row ->
                  new SourceRow(
                      0, List.of(joined(row, "instruction", "input")), string(row, "output")));
      case SELF_INSTRUCT -> json(file(source), DataFolder::selfInstruct);
      case HH_RLHF -> json(file(source), DataFolder::dialogue);
    };
  }

  private static SourceRow selfInstruct(JsonObject row) {
    List<String> prompts = new ArrayList<>();
    String answer = "";
    for (JsonElement element : row.getAsJsonArray("instances")) {
      JsonObject instance = element.getAsJsonObject();
      if (prompts.isEmpty()) {
        answer = string(instance, "output");
      }
      String input = string(instance, "input").strip();
      String instruction = string(row, "instruction").strip();
      prompts.add(input.isEmpty() ? instruction : instruction + "\n" + input);
    }
    prompts.add(string(row, "instruction").strip());
    return new SourceRow(0, prompts, answer);
  }

  private static SourceRow dialogue(JsonObject row) {
    List<String> prompts = new ArrayList<>();
    String answer = "";
    for (String side : List.of("chosen", "rejected")) {
      String[] turns = string(row, side).split("\n\nHuman: ?", -1);
      for (int i = 1; i < turns.length; i++) {
        String[] parts = turns[i].split("\n\nAssistant: ?", 2);
        if (prompts.isEmpty() && parts.length > 1) {
          answer = parts[1].strip();
        }
        prompts.add(parts[0].strip());
      }
    }
    return new SourceRow(0, prompts, answer);
  }

  private static String joined(JsonObject row, String first, String second) {
    String a = string(row, first).strip();
    String b = string(row, second).strip();
    return b.isEmpty() ? a : a + "\n" + b;
  }

  private static String string(JsonObject row, String key) {
    JsonElement value = row.get(key);
    if (value == null || !value.isJsonPrimitive()) {
      throw new JsonParseException("no text under \"" + key + "\"");
    }
    return value.getAsString();
  }

  private static List<SourceRow> json(Path path, Function<JsonObject, SourceRow> row) {
    List<SourceRow> rows = new ArrayList<>();
    try (BufferedReader in = open(path)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (!line.isBlank()) {
          SourceRow read = row.apply(StrictJson.object(line));
          rows.add(new SourceRow(rows.size(), read.prompts(), read.answer()));
        }
      }
    } catch (IOException e) {
      throw new BadDataException("cannot read " + path + ": " + e.getMessage(), e);
    } catch (JsonParseException | IllegalStateException e) {
      throw new BadDataException(path + " row " + rows.size() + ": " + e.getMessage(), e);
    }
    return rows;
  }

  private static List<SourceRow> csv(Path path, String column) {
    List<List<String>> table;
    try (Reader in = open(path)) {
      table = fields(in);
    } catch (IOException e) {
      throw new BadDataException("cannot read " + path + ": " + e.getMessage(), e);
    }
    int at = table.isEmpty() ? -1 : table.get(0).indexOf(column);
    if (at < 0) {
      throw new BadDataException(path + ": no column \"" + column + "\"");
    }
    List<SourceRow> rows = new ArrayList<>();
    for (List<String> record : table.subList(1, table.size())) {
      if (record.size() <= at) {
        throw new BadDataException(
            path + " row " + rows.size() + ": " + record.size() + " fields, no \"" + column + '"');
      }
      rows.add(new SourceRow(rows.size(), List.of(record.get(at).strip()), ""));
    }
    return rows;
  }

  /** RFC 4180: quoted fields may hold commas, doubled quotes and line ends. */
  private static List<List<String>> fields(Reader in) throws IOException {
    List<List<String>> table = new ArrayList<>();
    List<String> record = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    boolean pending = false;
    for (int c = in.read(); c >= 0; c = in.read()) {
      if (quoted) {
        if (c != '"') {
          field.append((char) c);
        } else {
          quoted = false;
          pending = true;
        }
      } else if (c == '"') {
        if (pending) {
          field.append('"');
        }
        quoted = true;
        pending = false;
      } else if (c == ',' || c == '\n') {
        record.add(field.toString());
        field.setLength(0);
        pending = false;
        if (c == '\n') {
          table.add(record);
          record = new ArrayList<>();
        }
      } else if (c != '\r') {
        field.append((char) c);
      }
    }
    if (field.length() > 0 || !record.isEmpty()) {
      record.add(field.toString());
      table.add(record);
    }
    return table;
  }

  private static BufferedReader open(Path path) throws IOException {
    InputStream in = InputFile.data(path).stream();
    try {
      InputStream plain = path.toString().endsWith(".gz") ? new GZIPInputStream(in) : in;
      return new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8));
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  static List<String> resourceLines(String name) {
    InputStream in = DataFolder.class.getResourceAsStream(name);
    if (in == null) {
      throw new BadDataException("missing resource " + name);
    }
    try (BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        Stream<String> lines = reader.lines()) {
      return lines.map(String::strip).filter(l -> !l.isEmpty() && !l.startsWith("#")).toList();
    } catch (IOException e) {
      throw new BadDataException("cannot read resource " + name, e);
    }
  }
}
