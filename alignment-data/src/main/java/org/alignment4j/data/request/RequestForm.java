package org.alignment4j.data.request;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.chat.Message;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.OpenAiChatModel.Prefill;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * Encodes a request as the body of a POST. Equal requests become equal bytes, in every run.
 *
 * @param name the model's name in messages
 * @param model the endpoint's name of the model
 * @param maxCompletionTokens whether the maximum number of tokens is {@code max_completion_tokens}
 * @param schemas whether schemas are sent
 * @param extra further properties of each body, which override its own, as returned by {@link
 *     #extra}
 */
record RequestForm(
    String name,
    String model,
    boolean maxCompletionTokens,
    boolean schemas,
    Prefill prefill,
    JsonObject extra) {
  private static final Gson GSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  /**
   * Returns further properties of bodies, sorted by key: the order of the JDK's maps differs from
   * run to run.
   *
   * @throws IllegalArgumentException if JSON cannot represent a value, or a property may not be set
   */
  static JsonObject extra(Map<String, ?> properties) {
    for (String own : List.of("model", "messages", "stream")) {
      require(!properties.containsKey(own), "the extra body may not set %s", own);
    }
    JsonObject extra = new JsonObject();
    new TreeMap<>(properties).forEach((key, value) -> extra.add(key, json(key, value)));
    return extra;
  }

  private static JsonElement json(String key, @Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      TreeMap<String, Object> sorted = new TreeMap<>();
      map.forEach(
          (inner, v) -> {
            require(inner instanceof String, "the extra body's %s has a key that is not text", key);
            sorted.put(String.valueOf(inner), v);
          });
      JsonObject object = new JsonObject();
      sorted.forEach((inner, v) -> object.add(inner, json(inner, v)));
      return object;
    }
    if (value instanceof List<?> list) {
      JsonArray array = new JsonArray();
      list.forEach(v -> array.add(json(key, v)));
      return array;
    }
    if (value instanceof String text) {
      return new JsonPrimitive(utf8(text));
    }
    if (value instanceof Boolean truth) {
      return new JsonPrimitive(truth);
    }
    boolean javas =
        value != null
            && value.getClass().getName().startsWith("java.lang.")
            && value instanceof Number n
            && Double.isFinite(n.doubleValue());
    boolean big = value instanceof BigDecimal || value instanceof BigInteger;
    require(
        value == null || javas || big,
        "the extra body has a value that JSON cannot represent: %s is a %s",
        key,
        value == null ? "" : value.getClass().getSimpleName());
    return value instanceof Number number ? new JsonPrimitive(number) : JsonNull.INSTANCE;
  }

  /**
   * Returns the body of a request.
   *
   * @throws ChatException of kind REQUEST if this model does not support the request
   */
  byte[] body(ChatRequest request) {
    boolean prefilled = request.prompt().endsWithResponse();
    if (prefilled && prefill == Prefill.REFUSE) {
      throw new ChatException(
          Kind.REQUEST, name + ": not set up to continue assistant messages, see prefill", null);
    }
    JsonObject body = new JsonObject();
    body.add("messages", messages(request));
    body.addProperty("model", model);
    Sampling sampling = request.sampling();
    body.addProperty(
        maxCompletionTokens ? "max_completion_tokens" : "max_tokens", sampling.maxTokens());
    body.addProperty("temperature", sampling.temperature());
    body.addProperty("top_p", sampling.topP());
    body.addProperty("seed", OpenAiChatModel.seed(request.seed()));
    if (!sampling.stop().isEmpty()) {
      JsonArray stop = new JsonArray();
      sampling.stop().forEach(text -> stop.add(utf8(text)));
      body.add("stop", stop);
    }
    if (schemas && !request.schema().isEmpty()) {
      JsonObject format = new JsonObject();
      format.addProperty("name", "answer");
      format.addProperty("strict", true);
      format.add("schema", schema(request.schema()));
      JsonObject typed = new JsonObject();
      typed.addProperty("type", "json_schema");
      typed.add("json_schema", format);
      body.add("response_format", typed);
    }
    if (prefilled && prefill == Prefill.CONTINUE_FINAL_MESSAGE) {
      body.addProperty("continue_final_message", true);
      body.addProperty("add_generation_prompt", false);
    }
    extra.asMap().forEach(body::add);
    return GSON.toJson(body).getBytes(StandardCharsets.UTF_8);
  }

  private static JsonArray messages(ChatRequest request) {
    JsonArray messages = new JsonArray();
    for (Message message : request.prompt().messages()) {
      JsonObject o = new JsonObject();
      o.addProperty("content", utf8(message.text()));
      o.addProperty("role", message.role().name().toLowerCase(Locale.ROOT));
      messages.add(o);
    }
    return messages;
  }

  private JsonObject schema(String text) {
    try {
      return StrictJson.object(utf8(text));
    } catch (JsonParseException e) {
      // Without the cause, whose message may quote the text.
      throw new ChatException(Kind.REQUEST, name + ": the schema is not a JSON object", null);
    }
  }

  /**
   * Replaces lone surrogates, which UTF-8 cannot encode, so that the bytes sent are those that
   * {@link ChatRequest#key} hashes.
   */
  private static String utf8(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }
}
