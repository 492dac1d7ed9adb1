package org.alignment4j.data.request;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.jspecify.annotations.Nullable;

/**
 * The relevant fields of a chat completion's body. Read as a stream, skipping all other fields,
 * whatever their form and size. Not read by {@link org.alignment4j.internal.text.StrictJson}:
 * Python servers write NaN into fields that do not matter here, and some repeat a key.
 *
 * @param text the first choice's text, or its refusal; possibly empty
 * @param reason the endpoint's finish reason; empty if it sends none
 * @param callsTools whether it contains a tool call
 * @param promptTokens number of prompt tokens; empty if the endpoint sends no valid count
 * @param completionTokens number of generated tokens, likewise
 */
record CompletionBody(
    String text,
    String reason,
    boolean callsTools,
    Optional<Long> promptTokens,
    Optional<Long> completionTokens) {
  /** Upper limit of a plausible count; larger ones would make sums overflow. */
  private static final double MAX_TOKENS = 0x1p40;

  /** Thrown if a response body is not a chat completion. The message does not quote the body. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;

    Malformed(String message) {
      super(message);
    }
  }

  /** A choice, as far as it has been read. */
  private static final class Choice {
    private double index = Double.NaN;
    private boolean hasMessage;
    private @Nullable String content;
    private @Nullable String refusal;
    private String reason = "";
    private boolean callsTools;
  }

  /**
   * Reads a body.
   *
   * @throws Malformed if it is not a chat completion with a choice
   */
  static CompletionBody read(InputStream body) throws Malformed {
    try (JsonReader in =
        new JsonReader(new InputStreamReader(body, StandardCharsets.UTF_8.newDecoder()))) {
      in.setStrictness(Strictness.LENIENT);
      CompletionBody found = object(in);
      if (in.peek() != JsonToken.END_DOCUMENT) {
        throw new Malformed("a body that is not a chat completion");
      }
      return found;
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new Malformed("a body that is not a chat completion");
    }
  }

  private static CompletionBody object(JsonReader in) throws IOException, Malformed {
    Choice first = null;
    boolean error = false;
    Optional<Long> read = Optional.empty();
    Optional<Long> written = Optional.empty();
    in.beginObject();
    while (in.hasNext()) {
      switch (in.nextName()) {
        case "choices" -> first = choices(in);
        case "error" -> error = filled(in);
        case "usage" -> {
          if (in.peek() != JsonToken.BEGIN_OBJECT) {
            in.skipValue();
            continue;
          }
          in.beginObject();
          while (in.hasNext()) {
            switch (in.nextName()) {
              case "prompt_tokens" -> read = count(in);
              case "completion_tokens" -> written = count(in);
              default -> in.skipValue();
            }
          }
          in.endObject();
        }
        default -> in.skipValue();
      }
    }
    in.endObject();
    if (error || first == null) {
      throw new Malformed(error ? "an error in its body" : "no choices");
    }
    if (!first.hasMessage) {
      throw new Malformed("a body that is not a chat completion");
    }
    String text =
        first.content != null ? first.content : first.refusal != null ? first.refusal : "";
    return new CompletionBody(text, first.reason, first.callsTools, read, written);
  }

  /** Returns the choice of index 0, or the first if none has that index; null if there is none. */
  private static @Nullable Choice choices(JsonReader in) throws IOException {
    if (in.peek() == JsonToken.NULL) {
      in.nextNull();
      return null;
    }
    Choice found = null;
    in.beginArray();
    while (in.hasNext()) {
      Choice next = choice(in);
      if (found == null || (next.index == 0 && found.index != 0)) {
        found = next;
      }
    }
    in.endArray();
    return found;
  }

  private static Choice choice(JsonReader in) throws IOException {
    Choice choice = new Choice();
    in.beginObject();
    while (in.hasNext()) {
      switch (in.nextName()) {
        case "index" -> choice.index = number(in);
        case "finish_reason" -> choice.reason = reason(in);
        case "message" -> {
          if (in.peek() == JsonToken.NULL) {
            in.nextNull();
          } else {
            message(in, choice);
          }
        }
        default -> in.skipValue();
      }
    }
    in.endObject();
    return choice;
  }

  private static void message(JsonReader in, Choice choice) throws IOException {
    choice.hasMessage = true;
    in.beginObject();
    while (in.hasNext()) {
      switch (in.nextName()) {
        case "content" -> choice.content = content(in);
        // A refusal to follow a schema has a field of its own.
        case "refusal" -> choice.refusal = string(in);
        case "tool_calls", "function_call" -> choice.callsTools |= filled(in);
        default -> in.skipValue();
      }
    }
    in.endObject();
  }

  /** Reads a text, or the texts of a list of parts, without parts that contain reasoning. */
  private static @Nullable String content(JsonReader in) throws IOException {
    switch (in.peek()) {
      case NULL -> {
        in.nextNull();
        return null;
      }
      case BEGIN_ARRAY -> {
        StringBuilder text = new StringBuilder();
        in.beginArray();
        while (in.hasNext()) {
          if (in.peek() == JsonToken.STRING) {
            text.append(in.nextString());
          } else {
            text.append(part(in));
          }
        }
        in.endArray();
        return text.toString();
      }
      case STRING -> {
        return in.nextString();
      }
      default -> throw new IllegalStateException("the content is not text");
    }
  }

  private static String part(JsonReader in) throws IOException {
    String type = "text";
    String text = "";
    String refusal = "";
    in.beginObject();
    while (in.hasNext()) {
      switch (in.nextName()) {
        case "type" -> type = String.valueOf(string(in));
        case "text" -> text = Objects.requireNonNullElse(string(in), "");
        case "refusal" -> refusal = Objects.requireNonNullElse(string(in), "");
        default -> in.skipValue();
      }
    }
    in.endObject();
    return switch (type) {
      case "text", "output_text" -> text;
      case "refusal" -> refusal;
      default -> "";
    };
  }

  private static @Nullable String string(JsonReader in) throws IOException {
    if (in.peek() == JsonToken.STRING) {
      return in.nextString();
    }
    in.skipValue();
    return null;
  }

  /** Whether a list, an object or a text has something in it. */
  private static boolean filled(JsonReader in) throws IOException {
    boolean filled = false;
    switch (in.peek()) {
      case BEGIN_ARRAY -> {
        in.beginArray();
        while (in.hasNext()) {
          filled = true;
          in.skipValue();
        }
        in.endArray();
      }
      case BEGIN_OBJECT -> {
        in.beginObject();
        while (in.hasNext()) {
          filled = true;
          in.skipValue();
        }
        in.endObject();
      }
      case STRING -> filled = !in.nextString().isBlank();
      default -> in.skipValue();
    }
    return filled;
  }

  /** Reads a number; NaN for anything else. */
  private static double number(JsonReader in) throws IOException {
    if (in.peek() == JsonToken.NUMBER) {
      return Double.parseDouble(in.nextString());
    }
    in.skipValue();
    return Double.NaN;
  }

  private static Optional<Long> count(JsonReader in) throws IOException {
    double n = number(in);
    return n >= 0 && n < MAX_TOKENS && n == Math.rint(n) ? Optional.of((long) n) : Optional.empty();
  }

  /**
   * Reads the endpoint's finish reason; empty for null or none, a placeholder for a value that is
   * not text.
   */
  private static String reason(JsonReader in) throws IOException {
    if (in.peek() == JsonToken.NULL) {
      in.nextNull();
      return "";
    }
    String reason = string(in);
    return reason == null ? "?" : reason.strip();
  }

  /**
   * Maps the endpoint's finish reason. Servers have their own words for a complete and a truncated
   * answer; after anything else, such as a tool call, an abort or an unknown reason, the answer is
   * incomplete.
   *
   * @param maxTokens the request's maximum number of tokens
   */
  Finish finish(int maxTokens) {
    return switch (reason.toLowerCase(Locale.ROOT)) {
      case "" ->
          callsTools
              ? Finish.OTHER
              : completionTokens.filter(n -> n >= maxTokens).isPresent()
                  ? Finish.LENGTH
                  : Finish.STOP;
      case "stop",
          "eos",
          "eos_token",
          "end_turn",
          "stop_sequence",
          "stop_token",
          "stop_word",
          "end_of_text",
          "end_of_turn",
          "complete",
          "completed",
          "finished",
          "done" ->
          callsTools ? Finish.OTHER : Finish.STOP;
      case "length", "max_tokens", "max_length", "max_output_tokens", "model_length", "limit" ->
          callsTools ? Finish.OTHER : Finish.LENGTH;
      case "content_filter",
          "content_filtered",
          "content-filter",
          "safety",
          "recitation",
          "refusal",
          "blocklist",
          "prohibited_content",
          "guardrail_intervened",
          "sensitive" ->
          Finish.FILTERED;
      default -> Finish.OTHER;
    };
  }
}
