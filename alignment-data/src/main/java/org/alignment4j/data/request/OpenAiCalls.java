package org.alignment4j.data.request;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.ToNumberPolicy;
import com.openai.client.OpenAIClient;
import com.openai.client.OpenAIClientImpl;
import com.openai.core.ClientOptions;
import com.openai.core.JsonValue;
import com.openai.core.http.Headers;
import com.openai.errors.OpenAIException;
import com.openai.errors.OpenAIInvalidDataException;
import com.openai.errors.OpenAIIoException;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.completions.CompletionUsage;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.chat.Message;
import org.alignment4j.data.request.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.OpenAiChatModel.Prefill;
import org.jspecify.annotations.Nullable;

/** Single tries of requests by the official client; the only class that knows it. */
final class OpenAiCalls {
  private static final Gson GSON =
      new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();

  private final OpenAIClient client;
  private final OpenAiChatModel.Builder settings;
  private final String name;

  OpenAiCalls(OpenAiChatModel.Builder settings, String name, String apiKey) {
    this.settings = settings;
    this.name = name;
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
    try {
      return answer(request, client.chat().completions().create(params));
    } catch (OpenAIServiceException e) {
      throw failure(e);
    } catch (OpenAIIoException e) {
      throw new FailedTry(String.valueOf(e.getMessage()), null, e.getCause());
    } catch (OpenAIInvalidDataException e) {
      // The cause may quote what the endpoint sent.
      throw new FailedTry("status 200 with a body that is no chat completion", null, null);
    } catch (OpenAIException e) {
      throw new ChatException(
          Kind.CONFIGURATION, name + ": the client failed: " + e.getClass().getSimpleName(), null);
    }
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
        case SYSTEM -> params.addSystemMessage(message.text());
        case USER -> params.addUserMessage(message.text());
        case ASSISTANT -> params.addAssistantMessage(message.text());
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
      body.put("stop", sampling.stop());
    }
    if (settings.schemas && !request.schema().isEmpty()) {
      body.put(
          "response_format",
          Map.of(
              "type",
              "json_schema",
              "json_schema",
              Map.of("name", "answer", "strict", true, "schema", schema(request.schema()))));
    }
    if (prefilled && settings.prefill == Prefill.CONTINUE_FINAL_MESSAGE) {
      body.put("continue_final_message", true);
      body.put("add_generation_prompt", false);
    }
    body.putAll(settings.extraBody);
    body.forEach((key, value) -> params.putAdditionalBodyProperty(key, JsonValue.from(value)));
    return params.build();
  }

  private Object schema(String text) {
    try {
      Map<?, ?> schema = GSON.fromJson(text, Map.class);
      if (schema != null) {
        return schema;
      }
    } catch (JsonParseException e) {
      // Told of below; the parser's message quotes the text.
    }
    throw new ChatException(Kind.REQUEST, name + ": the schema is no JSON object", null);
  }

  private ChatAnswer answer(ChatRequest request, ChatCompletion completion) {
    List<ChatCompletion.Choice> choices = completion.choices();
    if (choices.isEmpty()) {
      throw new FailedTry("status 200 without choices", null, null);
    }
    ChatCompletion.Choice choice = choices.get(0);
    ChatCompletionMessage message = choice.message();
    // An endpoint that refuses to follow a schema says so in a field of its own.
    String text = message.content().or(message::refusal).orElse("");
    Optional<CompletionUsage> usage = completion.usage();
    return new ChatAnswer(
        text,
        finish(choice),
        tokens(usage.map(u -> u._promptTokens().asKnown().orElse(null)))
            .orElseGet(() -> StoredRequests.promptTokenBound(request)),
        tokens(usage.map(u -> u._completionTokens().asKnown().orElse(null)))
            .orElse((long) request.sampling().maxTokens()));
  }

  private static Optional<Long> tokens(Optional<Long> counted) {
    // What no endpoint can have counted would make sums overflow.
    return counted.filter(n -> n >= 0 && n < 1L << 40);
  }

  private static Finish finish(ChatCompletion.Choice choice) {
    String reason = choice._finishReason().asKnown().map(r -> r.asString()).orElse("");
    return switch (reason) {
      case "length" -> Finish.LENGTH;
      case "content_filter" -> Finish.FILTERED;
      default -> Finish.STOP;
    };
  }

  private RuntimeException failure(OpenAIServiceException e) {
    int status = e.statusCode();
    String code = word(e.code());
    String what =
        "status "
            + status
            + (word(e.type()).isEmpty() ? "" : ", type " + word(e.type()))
            + (code.isEmpty() ? "" : ", code " + code);
    // Waiting does not help those who have nothing left to pay with.
    boolean paidUp = !code.equals("insufficient_quota");
    if (status >= 500 || status == 408 || (status == 429 && paidUp)) {
      return new FailedTry(what, retryAfter(e.headers()), null);
    }
    boolean setUpWrong =
        status < 400 || status == 401 || status == 403 || status == 404 || status == 429;
    return new ChatException(
        setUpWrong ? Kind.CONFIGURATION : Kind.REQUEST, name + ": " + what, null);
  }

  /** An endpoint's word for a failure; empty if it is not a mere word, which may quote anything. */
  private static String word(Optional<String> given) {
    return given.filter(w -> w.matches("[A-Za-z][A-Za-z0-9_.-]{0,63}|[0-9]{1,6}")).orElse("");
  }

  private static @Nullable Duration retryAfter(Headers headers) {
    for (String value : headers.values("retry-after-ms")) {
      if (value.strip().matches("[0-9]{1,12}")) {
        return Duration.ofMillis(Long.parseLong(value.strip()));
      }
    }
    for (String value : headers.values("retry-after")) {
      String text = value.strip();
      if (text.matches("[0-9]{1,9}(\\.[0-9]{1,9})?")) {
        return Duration.ofMillis((long) Math.ceil(Double.parseDouble(text) * 1000));
      }
      try {
        Instant until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        Duration wait = Duration.between(Instant.now(), until);
        return wait.isNegative() ? Duration.ZERO : wait;
      } catch (DateTimeException e) {
        // Not a date either: the client's own wait holds.
      }
    }
    return null;
  }

  void close() {
    client.close();
  }
}
