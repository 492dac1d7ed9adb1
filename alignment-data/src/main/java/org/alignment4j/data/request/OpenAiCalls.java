package org.alignment4j.data.request;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.ToNumberPolicy;
import com.openai.client.OpenAIClient;
import com.openai.client.OpenAIClientImpl;
import com.openai.core.ClientOptions;
import com.openai.core.JsonValue;
import com.openai.core.http.HttpResponse;
import com.openai.errors.OpenAIException;
import com.openai.errors.OpenAIIoException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Message;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.OpenAiChatModel.Prefill;

/** Single tries of requests by the official client; the only class that knows it. */
final class OpenAiCalls {
  private static final Gson GSON =
      new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();

  /** UTF-16 units of an answer for each token that it may have: more than any tokenizer's most. */
  private static final int TOKEN = 256;

  /** UTF-16 units that any answer may have: some servers do not count as they are told. */
  private static final int SHORT = 1 << 16;

  private final OpenAIClient client;
  private final OpenAiChatModel.Builder settings;
  private final String name;
  private final String apiKey;
  private volatile boolean answered;

  OpenAiCalls(OpenAiChatModel.Builder settings, String name, String apiKey) {
    this.settings = settings;
    this.name = name;
    this.apiKey = apiKey;
    client =
        new OpenAIClientImpl(
            ClientOptions.builder()
                .httpClient(
                    new OpenAiTransport(
                        settings.connectTimeout,
                        settings.readTimeout,
                        settings.callTimeout,
                        !apiKey.isEmpty()))
                .baseUrl(settings.baseUrl)
                .apiKey(apiKey.isEmpty() ? "none" : apiKey)
                .maxRetries(0)
                .build());
  }

  /**
   * @throws FailedTry if another try may succeed
   * @throws ChatException if none may
   */
  ChatAnswer answer(ChatRequest request) {
    ChatCompletionCreateParams params = params(request);
    try (HttpResponse whole = client.chat().completions().withRawResponse().create(params)) {
      CompletionBody body = read(whole);
      answered = true;
      return answer(request, body);
    } catch (OpenAiTransport.Refused e) {
      throw failure(request, e.error());
    } catch (OpenAIIoException e) {
      throw new FailedTry(String.valueOf(e.getMessage()), null, e.getCause());
    } catch (OpenAIException e) {
      throw new ChatException(
          Kind.CONFIGURATION, name + ": the client failed: " + e.getClass().getSimpleName(), null);
    }
  }

  private static CompletionBody read(HttpResponse whole) {
    try {
      return CompletionBody.read(whole.body());
    } catch (CompletionBody.Malformed e) {
      throw new FailedTry("status " + whole.statusCode() + " with " + e.getMessage(), null, null);
    }
  }

  /** The endpoint and the model's name are right: it answered in an earlier run. */
  void knownToAnswer() {
    answered = true;
  }

  private ChatCompletionCreateParams params(ChatRequest request) {
    boolean prefilled = request.prompt().endsWithResponse();
    if (prefilled && settings.prefill == Prefill.REFUSE) {
      throw new ChatException(
          Kind.REQUEST, name + ": not set up to continue assistant messages, see prefill", null);
    }
    ChatCompletionCreateParams.Builder params =
        ChatCompletionCreateParams.builder().model(settings.model);
    for (Message message : request.prompt().messages()) {
      switch (message.role()) {
        case SYSTEM -> params.addSystemMessage(utf8(message.text()));
        case USER -> params.addUserMessage(utf8(message.text()));
        case ASSISTANT -> params.addAssistantMessage(utf8(message.text()));
      }
    }
    Map<String, Object> body = new LinkedHashMap<>();
    Sampling sampling = request.sampling();
    body.put(
        settings.maxCompletionTokens ? "max_completion_tokens" : "max_tokens",
        sampling.maxTokens());
    body.put("temperature", sampling.temperature());
    body.put("top_p", sampling.topP());
    body.put("seed", OpenAiChatModel.seed(request.seed()));
    if (!sampling.stop().isEmpty()) {
      body.put("stop", sampling.stop().stream().map(OpenAiCalls::utf8).toList());
    }
    if (settings.schemas && !request.schema().isEmpty()) {
      // Not the JDK's small maps: their order differs from run to run.
      Map<String, Object> format = new LinkedHashMap<>();
      format.put("name", "answer");
      format.put("strict", true);
      format.put("schema", schema(request.schema()));
      Map<String, Object> typed = new LinkedHashMap<>();
      typed.put("type", "json_schema");
      typed.put("json_schema", format);
      body.put("response_format", typed);
    }
    if (prefilled && settings.prefill == Prefill.CONTINUE_FINAL_MESSAGE) {
      body.put("continue_final_message", true);
      body.put("add_generation_prompt", false);
    }
    body.putAll(settings.extraBody);
    body.forEach((key, value) -> params.putAdditionalBodyProperty(key, JsonValue.from(value)));
    return params.build();
  }

  /** A lone surrogate has no UTF-8: what is sent is what {@link ChatRequest#key} hashes. */
  static String utf8(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private Object schema(String text) {
    try {
      Map<?, ?> schema = GSON.fromJson(utf8(text), Map.class);
      if (schema != null) {
        return schema;
      }
    } catch (JsonParseException e) {
      // Told of below; the parser's message quotes the text.
    }
    throw new ChatException(Kind.REQUEST, name + ": the schema is no JSON object", null);
  }

  private ChatAnswer answer(ChatRequest request, CompletionBody body) {
    int maxTokens = request.sampling().maxTokens();
    if (body.text().length() > Math.max(SHORT, (long) TOKEN * maxTokens)) {
      throw new FailedTry("status 200 with a longer text than its most tokens have", null, null);
    }
    return new ChatAnswer(
        body.text(),
        body.finish(maxTokens),
        body.promptTokens().orElseGet(() -> StoredRequests.promptTokenBound(request)),
        body.completionTokens().orElse((long) maxTokens));
  }

  private RuntimeException failure(ChatRequest request, EndpointError error) {
    int status = error.status();
    List<String> texts = new ArrayList<>(List.of(request.schema()));
    request.prompt().messages().forEach(message -> texts.add(message.text()));
    String what = error.told(texts, apiKey);
    if (status >= 500 || status == 408 || status == 425 || (status == 429 && !error.exhausted())) {
      return new FailedTry(what, error.retryAfter(), null);
    }
    return new ChatException(kind(status, error.exhausted()), name + ": " + what, null);
  }

  /**
   * What else fails: all requests, if the key is wrong or nothing is left to pay with, and if an
   * address or a model that never answered is not found; else this one.
   */
  private Kind kind(int status, boolean exhausted) {
    if (status == 401 || exhausted) {
      return Kind.CONFIGURATION;
    }
    boolean elsewhere = status < 400 || status == 404 || status == 405 || status == 410;
    if (!answered && (elsewhere || status == 403)) {
      return Kind.CONFIGURATION;
    }
    return elsewhere ? Kind.TRANSIENT : Kind.REQUEST;
  }

  void close() {
    client.close();
  }
}
