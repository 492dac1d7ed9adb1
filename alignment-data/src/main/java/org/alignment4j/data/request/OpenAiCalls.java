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
 * Single tries of requests over the JDK's HTTP client, with its defaults for TLS and proxies.
 * Follows no redirection (a prompt and the key go to the endpoint that was named and to no other),
 * tells the endpoint nothing of the machine, ends a call at once when its thread is interrupted,
 * and holds no more of an answer than a bound.
 */
final class OpenAiCalls {
  /** Bytes of a success: those of 130,000 tokens, were each an escaped character. */
  static final int MOST_BYTES = 2 << 20;

  /** Bytes that are read of another answer, whose body only explains the status. */
  static final int MOST_ERROR_BYTES = 64 << 10;

  /** UTF-16 units of an answer for each token that it may have: more than any tokenizer's most. */
  private static final int TOKEN = 256;

  /** UTF-16 units that any answer may have: some servers write more tokens than they were asked. */
  private static final int SHORT = 1 << 16;

  private final HttpClient client;
  private final HttpRequest.Builder post;
  private final Duration most;
  private final RequestForm form;
  private final String apiKey;
  private volatile boolean answered;

  /**
   * @param connect longest wait for a connection
   * @param read longest wait for an answer to begin
   * @param call longest time of it all
   */
  record Timeouts(Duration connect, Duration read, Duration call) {}

  /**
   * @param base the endpoint's address, as far as its version
   * @param apiKey empty for none
   */
  OpenAiCalls(String base, Timeouts timeouts, RequestForm form, String apiKey) {
    this.form = form;
    this.apiKey = apiKey;
    most = timeouts.call;
    // Version 2 asks for an upgrade, which makes some Python servers drop the request's body.
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
   * @throws FailedTry if another try may succeed
   * @throws ChatException if none may
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

  /** The endpoint and the model's name are right: it answered in an earlier run. */
  void knownToAnswer() {
    answered = true;
  }

  private HttpResponse<byte[]> send(byte[] body) {
    CompletableFuture<HttpResponse<byte[]>> running =
        client.sendAsync(
            post.copy().POST(BodyPublishers.ofByteArray(body)).build(),
            info ->
                success(info.statusCode())
                    ? new BoundedBody(MOST_BYTES, false)
                    : new BoundedBody(MOST_ERROR_BYTES, true));
    try {
      return running.get(most.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      running.cancel(true);
      Thread.currentThread().interrupt();
      throw new CancelledException("a chat request was cancelled", e);
    } catch (TimeoutException e) {
      running.cancel(true);
      throw new FailedTry("no whole answer within " + most.toMillis() + " ms", null, null);
    } catch (ExecutionException e) {
      throw broken(e.getCause());
    }
  }

  private static FailedTry broken(@Nullable Throwable cause) {
    if (cause == null || cause instanceof ProtocolException) {
      // The JDK's message quotes the endpoint's line.
      return new FailedTry("an answer that is not HTTP", null, null);
    }
    String message = cause.getMessage();
    return new FailedTry(
        cause.getClass().getSimpleName() + (message == null ? "" : ": " + message), null, cause);
  }

  private static ChatAnswer answer(ChatRequest request, CompletionBody body) {
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
    return new ChatException(kind(status, error.exhausted()), form.name() + ": " + what, null);
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
}
