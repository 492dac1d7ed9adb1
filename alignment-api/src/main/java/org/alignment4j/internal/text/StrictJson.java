package org.alignment4j.internal.text;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSyntaxException;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;

/**
 * A JSON reader that accepts only the syntax of RFC 8259: no comments, no NaN, no duplicate key in
 * an object, no text after the value, at most {@link #MAX_DEPTH} levels and numbers of at most
 * {@link #MAX_NUMBER} characters. A failure's message has line and column; {@link Reasons}
 * describes it.
 *
 * <p>Use {@code InputFile.json} for a whole file.
 */
public final class StrictJson {
  /** Maximum levels of lists and objects; settings have fewer than ten. */
  public static final int MAX_DEPTH = 255;

  /** Maximum characters of a number; numbers of 64 bits have fewer than thirty. */
  public static final int MAX_NUMBER = 1000;

  private static final Gson PRETTY =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().setPrettyPrinting().create();

  private static final TypeAdapter<JsonElement> SCALARS = new Gson().getAdapter(JsonElement.class);

  private StrictJson() {}

  /**
   * Parses a text as one value.
   *
   * @throws JsonParseException if it is not
   */
  public static JsonElement value(String text) {
    try (JsonReader reader = reader(new StringReader(text))) {
      JsonElement value = next(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new MalformedJsonException("expected nothing after the value" + position(reader));
      }
      return value;
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new JsonSyntaxException(e);
    }
  }

  /**
   * Parses a text as one object.
   *
   * @throws JsonParseException if it is not
   */
  public static JsonObject object(String text) {
    JsonElement value = value(text);
    if (value instanceof JsonObject object) {
      return object;
    }
    throw new JsonSyntaxException("expected one JSON object, found " + typeName(value));
  }

  /** A description of a value's type. */
  private static String typeName(JsonElement value) {
    if (value.isJsonPrimitive()) {
      JsonPrimitive primitive = value.getAsJsonPrimitive();
      return primitive.isString() ? "text" : primitive.isNumber() ? "a number" : "a truth value";
    }
    return value.isJsonArray() ? "a list" : "null";
  }

  /** Returns a reader of the strict syntax, for JSON that is too large for a tree. */
  public static JsonReader reader(Reader from) {
    JsonReader reader = new JsonReader(from);
    reader.setStrictness(Strictness.STRICT);
    reader.setNestingLimit(MAX_DEPTH);
    return reader;
  }

  /**
   * Reads the value at a reader's position.
   *
   * @throws IOException if it is malformed, or cannot be read
   */
  public static JsonElement next(JsonReader reader) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> {
        JsonObject object = new JsonObject();
        reader.beginObject();
        while (reader.hasNext()) {
          String key = reader.nextName();
          if (object.has(key)) {
            throw new MalformedJsonException(
                "key " + Shown.quoted(key) + " occurs twice" + position(reader));
          }
          object.add(key, next(reader));
        }
        reader.endObject();
        yield object;
      }
      case BEGIN_ARRAY -> {
        JsonArray array = new JsonArray();
        reader.beginArray();
        while (reader.hasNext()) {
          array.add(next(reader));
        }
        reader.endArray();
        yield array;
      }
      case NUMBER -> {
        JsonElement number = SCALARS.read(reader);
        if (number.getAsString().length() > MAX_NUMBER) {
          throw new MalformedJsonException(
              "expected a number of at most " + MAX_NUMBER + " characters" + position(reader));
        }
        yield number;
      }
      default -> SCALARS.read(reader);
    };
  }

  /** Returns a value's text for a human-readable file: indented, with nulls. */
  public static String pretty(JsonElement value) {
    return PRETTY.toJson(value);
  }

  /** The position as at the end of Gson's own messages. */
  private static String position(JsonReader reader) {
    String text = reader.toString();
    return text.substring(text.indexOf(" at line "));
  }
}
