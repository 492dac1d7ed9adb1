package org.alignment4j.chat;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.Map;
import java.util.Set;
import org.alignment4j.internal.text.StrictJson;

/** Copies of a {@code tokenizer.json} in which no text yields the chosen tokens. */
final class TokenizerCopy {
  private static final Gson GSON = new Gson();

  private TokenizerCopy() {}

  /**
   * Returns the file with other spellings of some tokens and all ids unchanged. Removing the tokens
   * instead would shift the ids of those after them, and those in the model's own vocabulary would
   * still be reachable.
   *
   * @param json the text of the file
   * @param renamed new spellings by old ones
   * @param prefixFirst false to switch off a word prefix that is added at the start of a text only
   */
  static String renamed(String json, Map<String, String> renamed, boolean prefixFirst) {
    StringWriter out = new StringWriter(json.length() + 4096);
    try (JsonReader reader = StrictJson.reader(new StringReader(json));
        JsonWriter writer = new JsonWriter(out)) {
      writer.setSerializeNulls(true);
      reader.beginObject();
      writer.beginObject();
      while (reader.hasNext()) {
        String name = reader.nextName();
        writer.name(name);
        switch (name) {
          case "added_tokens" -> writeAdded(StrictJson.next(reader), renamed, writer);
          case "model" -> copyModel(reader, writer, renamed);
          case "pre_tokenizer" -> {
            JsonElement tree = StrictJson.next(reader);
            if (!prefixFirst) {
              neverPrefix(tree);
            }
            GSON.toJson(tree, writer);
          }
          default -> copy(reader, writer);
        }
      }
      reader.endObject();
      writer.endObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory cannot fail", e);
    }
    return out.toString();
  }

  private static void writeAdded(
      JsonElement tokens, Map<String, String> renamed, JsonWriter writer) {
    for (JsonElement element : tokens.getAsJsonArray()) {
      JsonObject token = element.getAsJsonObject();
      String name = renamed.get(token.get("content").getAsString());
      if (name != null) {
        token.addProperty("content", name);
      }
    }
    GSON.toJson(tokens, writer);
  }

  private static void neverPrefix(JsonElement element) {
    if (element.isJsonArray()) {
      element.getAsJsonArray().forEach(TokenizerCopy::neverPrefix);
    } else if (element.isJsonObject()) {
      JsonObject object = element.getAsJsonObject();
      if (new JsonPrimitive("first").equals(object.get("prepend_scheme"))) {
        object.addProperty("prepend_scheme", "never");
        object.addProperty("add_prefix_space", false);
      }
      if (object.has("pretokenizers")) {
        neverPrefix(object.get("pretokenizers"));
      }
    }
  }

  private static void copyModel(JsonReader reader, JsonWriter writer, Map<String, String> renamed)
      throws IOException {
    reader.beginObject();
    writer.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      writer.name(name);
      if (name.equals("vocab")) {
        copyVocabulary(reader, writer, renamed);
      } else if (name.equals("merges") && reader.peek() == JsonToken.BEGIN_ARRAY) {
        copyMerges(reader, writer, renamed.keySet());
      } else if (name.equals("unk_token") && reader.peek() == JsonToken.STRING) {
        String token = reader.nextString();
        writer.value(renamed.getOrDefault(token, token));
      } else {
        copy(reader, writer);
      }
    }
    reader.endObject();
    writer.endObject();
  }

  /** Copies the merges except those that yield or use one of the renamed tokens. */
  private static void copyMerges(JsonReader reader, JsonWriter writer, Set<String> renamed)
      throws IOException {
    reader.beginArray();
    writer.beginArray();
    while (reader.hasNext()) {
      if (reader.peek() == JsonToken.STRING) {
        String merge = reader.nextString();
        int space = merge.indexOf(' ');
        if (space < 0 || keeps(merge.substring(0, space), merge.substring(space + 1), renamed)) {
          writer.value(merge);
        }
      } else {
        JsonElement merge = StrictJson.next(reader);
        if (!(merge instanceof JsonArray pair)
            || pair.size() != 2
            || keeps(pair.get(0).getAsString(), pair.get(1).getAsString(), renamed)) {
          GSON.toJson(merge, writer);
        }
      }
    }
    reader.endArray();
    writer.endArray();
  }

  private static boolean keeps(String left, String right, Set<String> renamed) {
    return !renamed.contains(left) && !renamed.contains(right) && !renamed.contains(left + right);
  }

  private static void copyVocabulary(
      JsonReader reader, JsonWriter writer, Map<String, String> renamed) throws IOException {
    if (reader.peek() == JsonToken.BEGIN_OBJECT) {
      reader.beginObject();
      writer.beginObject();
      while (reader.hasNext()) {
        String token = reader.nextName();
        writer.name(renamed.getOrDefault(token, token)).value(reader.nextInt());
      }
      reader.endObject();
      writer.endObject();
      return;
    }
    reader.beginArray();
    writer.beginArray();
    while (reader.hasNext()) {
      reader.beginArray();
      writer.beginArray();
      String token = reader.nextString();
      writer.value(renamed.getOrDefault(token, token));
      copy(reader, writer);
      reader.endArray();
      writer.endArray();
    }
    reader.endArray();
    writer.endArray();
  }

  private static void copy(JsonReader reader, JsonWriter writer) throws IOException {
    switch (reader.peek()) {
      case BEGIN_ARRAY -> {
        reader.beginArray();
        writer.beginArray();
        while (reader.hasNext()) {
          copy(reader, writer);
        }
        reader.endArray();
        writer.endArray();
      }
      case BEGIN_OBJECT -> {
        reader.beginObject();
        writer.beginObject();
        while (reader.hasNext()) {
          writer.name(reader.nextName());
          copy(reader, writer);
        }
        reader.endObject();
        writer.endObject();
      }
      case STRING -> writer.value(reader.nextString());
      case NUMBER -> writer.jsonValue(reader.nextString());
      case BOOLEAN -> writer.value(reader.nextBoolean());
      default -> {
        reader.nextNull();
        writer.nullValue();
      }
    }
  }
}
