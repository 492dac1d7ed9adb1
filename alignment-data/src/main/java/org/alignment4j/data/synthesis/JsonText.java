package org.alignment4j.data.synthesis;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/** Finds the one JSON object in a model's answer. */
final class JsonText {
  private static final String END_OF_THOUGHT = "</think>";

  private JsonText() {}

  /**
   * Returns the object in a text, which may have other text around it.
   *
   * @throws IllegalArgumentException if there is none or more than one; the message quotes nothing
   */
  static JsonObject object(String text) {
    int thought = text.lastIndexOf(END_OF_THOUGHT);
    int from = thought < 0 ? 0 : thought + END_OF_THOUGHT.length();
    JsonObject found = null;
    for (int start = text.indexOf('{', from); start >= 0; start = text.indexOf('{', start)) {
      int end = end(text, start);
      if (end < 0) {
        // Does not look inside: in a truncated answer, an inner object would be only a part.
        break;
      }
      JsonObject object = parse(text.substring(start, end));
      if (object != null && found != null && !found.equals(object)) {
        throw new IllegalArgumentException("it holds more than one JSON object");
      }
      found = object == null ? found : object;
      start = end;
    }
    if (found == null) {
      throw new IllegalArgumentException("it holds no valid JSON object");
    }
    return found;
  }

  /** Returns the index after the brace that closes the one at {@code start}; -1 if none does. */
  private static int end(String text, int start) {
    int depth = 0;
    boolean quoted = false;
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted) {
        if (c == '\\') {
          i++;
        } else if (c == '"') {
          quoted = false;
        }
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return i + 1;
      }
    }
    return -1;
  }

  private static @Nullable JsonObject parse(String text) {
    try {
      return StrictJson.object(text);
    } catch (JsonParseException e) {
      return null;
    }
  }
}
