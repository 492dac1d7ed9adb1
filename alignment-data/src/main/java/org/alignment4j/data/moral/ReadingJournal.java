package org.alignment4j.data.moral;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.moral.AnswerReader.Reading;
import org.alignment4j.data.moral.AnswerReader.Status;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An append-only file of JSON lines with past readings: one line for each group of questions that
 * were read together, under the hash of everything they depend on. An incomplete last line is
 * dropped. Contains no text. Thread-safe.
 */
final class ReadingJournal implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReadingJournal.class);

  /** Some five million groups. */
  private static final long MAX_BYTES = 1 << 30;

  private final Path file;
  private final Map<String, List<Reading>> known = new HashMap<>();
  private final RandomAccessFile out;

  /** Number of bytes of complete lines. */
  private long length;

  /**
   * @throws BadDataException if the file cannot be read or written, or a line other than the last
   *     is not a group of readings
   */
  ReadingJournal(Path file) {
    this.file = file;
    try {
      InputFile input = InputFile.data(file);
      byte[] bytes = input.exists() ? input.bytes(MAX_BYTES) : new byte[0];
      int end = bytes.length;
      while (end > 0 && bytes[end - 1] != '\n') {
        end--;
      }
      String text = new String(bytes, 0, end, StandardCharsets.UTF_8);
      long line = 0;
      for (String one : (Iterable<String>) text.lines()::iterator) {
        take(++line, one);
      }
      // Not a channel: an interrupted thread would close it.
      out = new RandomAccessFile(file.toFile(), "rw");
      out.setLength(end);
      out.seek(end);
      length = end;
    } catch (IOException e) {
      throw new BadDataException("cannot use " + file + ": " + Reasons.of(e), e);
    }
  }

  private void take(long line, String text) {
    try {
      JsonObject o = StrictJson.object(text);
      List<Reading> readings = new ArrayList<>();
      o.getAsJsonArray("readings").forEach(r -> readings.add(reading(r.getAsJsonObject())));
      known.put(o.get("key").getAsString(), List.copyOf(readings));
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | ClassCastException
        | NullPointerException e) {
      throw DataText.bad(file, line, "expected a group of readings, found something else");
    }
  }

  private static Reading reading(JsonObject o) {
    List<Double> probabilities = new ArrayList<>();
    // As text, since JSON has no NaN.
    o.getAsJsonArray("chances").forEach(c -> probabilities.add(Double.valueOf(c.getAsString())));
    return new Reading(
        Status.valueOf(o.get("status").getAsString()),
        probabilities,
        Double.parseDouble(o.get("coverage").getAsString()),
        o.get("samples").getAsInt(),
        o.get("invalid").getAsInt());
  }

  private static JsonObject json(Reading reading) {
    JsonObject o = new JsonObject();
    o.addProperty("status", reading.status().name());
    JsonArray probabilities = new JsonArray();
    reading.probabilities().forEach(c -> probabilities.add(Double.toString(c)));
    o.add("chances", probabilities);
    o.addProperty("coverage", Double.toString(reading.coverage()));
    o.addProperty("samples", reading.samples());
    o.addProperty("invalid", reading.invalid());
    return o;
  }

  synchronized @Nullable List<Reading> find(String key) {
    return known.get(key);
  }

  /** Appends a group; it is flushed to disk when this returns. */
  synchronized void add(String key, List<Reading> readings) {
    JsonObject o = new JsonObject();
    o.addProperty("key", key);
    JsonArray all = new JsonArray();
    readings.forEach(r -> all.add(json(r)));
    o.add("readings", all);
    byte[] line = (o + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      out.write(line);
      out.getFD().sync();
      length += line.length;
    } catch (IOException e) {
      cutOff();
      throw new BadDataException("cannot write " + file + ": " + Reasons.of(e), e);
    }
    known.put(key, readings);
  }

  /** Truncates an incomplete line, which would corrupt the next one. */
  private void cutOff() {
    try {
      out.setLength(length);
      out.seek(length);
    } catch (IOException e) {
      LOG.debug("the journal ends with an incomplete line, which the next run drops", e);
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new BadDataException("cannot close " + file + ": " + Reasons.of(e), e);
    }
  }
}
