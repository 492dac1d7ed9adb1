package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Shown.quoted;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.Shown;
import org.alignment4j.internal.text.StrictJson;

/**
 * A reader of an untrusted JSON object, member by member, in {@link StrictJson}'s syntax and valid
 * UTF-8: a header may have a million tensors, too many for a tree in memory. Counts are bounded.
 * Every failure is a {@link CheckpointException} that names the file.
 */
final class HeaderJson {
  private final Path file;
  private final String part;
  private final JsonReader reader;

  /** Reads one member's value, which starts at the reader's position. */
  interface Member {
    void read(String key) throws IOException;
  }

  /**
   * @param part a description of the bytes for messages, e.g. "header"
   */
  HeaderJson(Path file, String part, byte[] bytes) {
    this.file = file;
    this.part = part;
    this.reader =
        StrictJson.reader(
            new InputStreamReader(
                new ByteArrayInputStream(bytes),
                StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)));
  }

  /**
   * Reads the whole document, an object of at most {@code max} members, handing each to {@code
   * member}.
   */
  void document(int max, Member member) {
    try {
      members("the " + part, max, member);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw error("expected nothing after the JSON object, found " + reader.peek());
      }
    } catch (CharacterCodingException e) {
      throw new CheckpointException(file + ": " + part + " is not valid UTF-8", e);
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new CheckpointException(file + ": " + part + " is not valid JSON: " + Reasons.of(e), e);
    }
  }

  /** Reads an object of at most {@code max} members at the reader's position. */
  void members(String where, int max, Member member) throws IOException {
    expect(JsonToken.BEGIN_OBJECT, where);
    reader.beginObject();
    Set<String> seen = new HashSet<>();
    while (reader.hasNext()) {
      String key = reader.nextName();
      if (!seen.add(key)) {
        throw error("key " + quoted(key) + " occurs twice in " + where);
      }
      if (seen.size() > max) {
        throw error("expected at most " + max + " members in " + where);
      }
      member.read(key);
    }
    reader.endObject();
  }

  /** Reads a string. */
  String string(String where) throws IOException {
    expect(JsonToken.STRING, where);
    return reader.nextString();
  }

  /** Reads an array of at most {@code max} integers from 0 to 2^63 - 1. */
  long[] naturals(String where, int max) throws IOException {
    expect(JsonToken.BEGIN_ARRAY, where);
    reader.beginArray();
    long[] values = new long[max];
    int n = 0;
    while (reader.hasNext()) {
      if (n == max) {
        throw error("expected at most " + max + " numbers in " + where);
      }
      values[n++] = natural(where);
    }
    reader.endArray();
    return Arrays.copyOf(values, n);
  }

  private long natural(String where) throws IOException {
    expect(JsonToken.NUMBER, where);
    String digits = reader.nextString(); // as written, since nextLong would accept 1.0 and 1e3
    for (int i = 0; i < digits.length(); i++) {
      if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
        throw error("expected integers >= 0 in " + where + ", found " + Shown.value(digits));
      }
    }
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw error("expected integers below 2^63 in " + where + ", found " + Shown.value(digits));
    }
  }

  /** Skips a value of any type. */
  void skip() throws IOException {
    reader.skipValue();
  }

  /** Whether the next value is null. */
  boolean nullNext() throws IOException {
    return reader.peek() == JsonToken.NULL;
  }

  private void expect(JsonToken token, String where) throws IOException {
    JsonToken found = reader.peek();
    if (found != token) {
      throw error("expected " + token + " for " + where + ", found " + found);
    }
  }

  CheckpointException error(String message) {
    return new CheckpointException(file + ": " + message);
  }
}
