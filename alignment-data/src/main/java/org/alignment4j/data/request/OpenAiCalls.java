package org.alignment4j.data.request;

import java.io.ByteArrayInputStream;
import java.net.ProtocolException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.jspecify.annotations.Nullable;

/**
 * Sends single attempts of requests by the JDK's HTTP client, with its defaults for TLS and
 * proxies. Follows no redirects (prompt and key go only to the given endpoint), reveals nothing of
 * the machine to the endpoint, ends a call at once when its thread is interrupted, and limits the
 * size of a response body.
 */
final class OpenAiCalls {
  /**
   * Maximum bytes of a successful body: those of 130,000 tokens, were each an escaped character.
   */
  static final int MAX_BYTES = 2 << 20;

  /** Maximum bytes of an error's body, which only explains the status. */
  static final int MAX_ERROR_BYTES = 64 << 10;

  /**
   * UTF-16 units of an answer per token of its maximum: more than any tokenizer's longest token.
   */
  private static final int TOKEN = 256;

  /** UTF-16 units that any answer may have: some servers generate more tokens than requested. */
  private static final int SHORT = 1 << 16;

  private final HttpClient client;
  private final HttpRequest.Builder post;
  private final Duration callTimeout;
  private final RequestForm form;
  private final String apiKey;
  private volatile boolean answered;

  /**
   * @param connect timeout of connecting
   * @param read timeout of the start of the response
   * @param call timeout of the whole call
   */
  record Timeouts(Duration connect, Duration read, Duration call) {}

  /**
   * @param base the endpoint's address, up to its version
   * @param apiKey empty for none
   */
  OpenAiCalls(String base, Timeouts timeouts, RequestForm form, String apiKey) {
    this.form = form;
    this.apiKey = apiKey;
    callTimeout = timeouts.call;
    // HTTP/2 requests an upgrade, which makes some Python servers drop the request's body.
    client =
        HttpClient.newBuilder()
            .version(Version.HTTP_1_1)
            .followRedirects(Redirect.NEVER)
            .connectTimeout(timeouts.connect)
            .build();
    post =
        HttpRequest.newBuilder(URI.create(base.replaceAll("/+$", "") + "/chat/completions"))
            .timeout(timeouts.read)
            .header("Content-Type", "application/json")
            .header("User-Agent", "alignment4j");
    if (!apiKey.isEmpty()) {
      post.header("Authorization", "Bearer " + apiKey);
    }
  }

  /**
   * @throws FailedTry if another attempt may succeed
   * @throws ChatException if not
   */
  ChatAnswer answer(ChatRequest request) {
    HttpResponse<byte[]> whole = send(form.body(request));
    int status = whole.statusCode();
    if (!success(status)) {
      throw failure(request, EndpointError.of(status, whole.body(), whole.headers()::allValues));
    }
    try {
      CompletionBody body = CompletionBody.read(new ByteArrayInputStream(whole.body()));
      answered = true;
      return answer(request, body);
    } catch (CompletionBody.Malformed e) {
      throw new FailedTry("status " + status + " with " + e.getMessage(), null, null);
    }
  }

  private static boolean success(int status) {
    return status / 100 == 2;
  }

  /** Notes that the endpoint and the model's name are right: it answered in an earlier run. */
  void knownToAnswer() {
    answered = true;
  }

  private HttpResponse<byte[]> send(byte[] body) {
    CompletableFuture<HttpResponse<byte[]>> running =
        client.sendAsync(
            post.copy().POST(BodyPublishers.ofByteArray(body)).build(),
            info ->
                success(info.statusCode())
                    ? new BoundedBody(MAX_BYTES, false)
                    : new BoundedBody(MAX_ERROR_BYTES, true));
    try {
      return running.get(callTimeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      running.cancel(true);
      Thread.currentThread().interrupt();
      throw new CancelledException("a chat request was cancelled", e);
    } catch (TimeoutException e) {
      running.cancel(true);
      throw new FailedTry(
          "no complete response within " + callTimeout.toMillis() + " ms", null, null);
    } catch (ExecutionException e) {
      throw broken(e.getCause());
    }
  }

  private static FailedTry broken(@Nullable Throwable cause) {
    if (cause == null || cause instanceof ProtocolException) {
      // The JDK's message quotes the endpoint's status line.
      return new FailedTry("a response that is not HTTP", null, null);
    }
    String message = cause.getMessage();
    return new FailedTry(
        cause.getClass().getSimpleName() + (message == null ? "" : ": " + message), null, cause);
  }

  private static ChatAnswer answer(ChatRequest request, CompletionBody body) {
    int maxTokens = request.sampling().maxTokens();
    if (body.text().length() > Math.max(SHORT, (long) TOKEN * maxTokens)) {
      throw new FailedTry(
          "status 200 with a longer text than its maximum of tokens can have", null, null);
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
    String what = error.describe(texts, apiKey);
    if (status >= 500 || status == 408 || status == 425 || (status == 429 && !error.exhausted())) {
      return new FailedTry(what, error.retryAfter(), null);
    }
    return new ChatException(kind(status, error.exhausted()), form.name() + ": " + what, null);
  }

  /**
   * Returns CONFIGURATION if the key is wrong, the quota is exhausted, or an address or a model
   * that never answered is not found; otherwise only this request fails.
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
}
