package org.alignment4j.data.request;

import com.openai.core.RequestOptions;
import com.openai.core.http.Headers;
import com.openai.core.http.HttpClient;
import com.openai.core.http.HttpRequest;
import com.openai.core.http.HttpRequestBody;
import com.openai.core.http.HttpResponse;
import com.openai.errors.OpenAIIoException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.net.URI;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.alignment4j.core.CancelledException;
import org.jspecify.annotations.Nullable;

/**
 * Carries the OpenAI client's requests over the JDK's HTTP client. Unlike the transport that comes
 * with it, this one follows no redirection (a prompt goes to the endpoint that was named and to no
 * other), writes no bodies to a log whatever the environment says, tells the endpoint nothing of
 * the machine, ends a call at once when its thread is interrupted, and holds no more of an answer
 * than a bound. What is not a success never reaches the client, which would look for its own form
 * of an error in the body: it is thrown as {@link Refused}.
 */
final class OpenAiTransport implements HttpClient {
  /** Headers that the JDK's client sets itself. */
  private static final Set<String> RESTRICTED =
      Set.of("connection", "content-length", "expect", "host", "upgrade");

  /** Bytes of a success: those of 130,000 tokens, were each an escaped character. */
  static final int MOST_BYTES = 2 << 20;

  /** Bytes that are read of another answer, whose body only explains the status. */
  static final int MOST_ERROR_BYTES = 64 << 10;

  private final java.net.http.HttpClient client;
  private final Duration read;
  private final Duration call;
  private final boolean authorized;

  /** The endpoint answered with another status than a success. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient EndpointError error;

    Refused(EndpointError error) {
      super("status " + error.status());
      this.error = error;
    }

    EndpointError error() {
      return error;
    }
  }

  /**
   * @param connect longest wait for a connection
   * @param read longest wait for an answer to begin
   * @param call longest time of it all
   * @param authorized whether the endpoint gets the key
   */
  OpenAiTransport(Duration connect, Duration read, Duration call, boolean authorized) {
    // Version 2 asks for an upgrade, which makes some Python servers drop the request's body.
    client =
        java.net.http.HttpClient.newBuilder()
            .version(Version.HTTP_1_1)
            .followRedirects(Redirect.NEVER)
            .connectTimeout(connect)
            .build();
    this.read = read;
    this.call = call;
    this.authorized = authorized;
  }

  @Override
  public HttpResponse execute(HttpRequest request, RequestOptions options) {
    CompletableFuture<java.net.http.HttpResponse<byte[]>> running = send(request);
    try {
      return answer(running.get(call.toNanos(), TimeUnit.NANOSECONDS));
    } catch (InterruptedException e) {
      running.cancel(true);
      Thread.currentThread().interrupt();
      throw new CancelledException("a chat request was cancelled", e);
    } catch (TimeoutException e) {
      running.cancel(true);
      throw new OpenAIIoException("no whole answer within " + call.toMillis() + " ms");
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    }
  }

  @Override
  public CompletableFuture<HttpResponse> executeAsync(HttpRequest request, RequestOptions options) {
    return send(request)
        .orTimeout(call.toNanos(), TimeUnit.NANOSECONDS)
        .thenApply(OpenAiTransport::answer);
  }

  private static HttpResponse answer(java.net.http.HttpResponse<byte[]> from) {
    int status = from.statusCode();
    if (status / 100 == 2) {
      return new Answer(from);
    }
    throw new Refused(EndpointError.of(status, from.body(), from.headers()::allValues));
  }

  private static OpenAIIoException failure(@Nullable Throwable cause) {
    if (cause == null || cause instanceof ProtocolException) {
      // The JDK's message quotes the endpoint's line.
      return new OpenAIIoException("an answer that is not HTTP");
    }
    String message = cause.getMessage();
    return new OpenAIIoException(
        cause.getClass().getSimpleName() + (message == null ? "" : ": " + message), cause);
  }

  private CompletableFuture<java.net.http.HttpResponse<byte[]>> send(HttpRequest request) {
    java.net.http.HttpRequest.Builder to =
        java.net.http.HttpRequest.newBuilder(
                URI.create(
                    request.baseUrl().replaceAll("/+$", "")
                        + "/"
                        + String.join("/", request.pathSegments())))
            .timeout(read)
            .method(request.method().name(), body(request.body()));
    for (String name : request.headers().names()) {
      String lower = name.toLowerCase(Locale.ROOT);
      boolean telling = lower.startsWith("x-stainless-");
      boolean secret = lower.equals("authorization") && !authorized;
      if (!RESTRICTED.contains(lower) && !telling && !secret) {
        request.headers().values(name).forEach(value -> to.header(name, value));
      }
    }
    HttpRequestBody body = request.body();
    String type = body == null ? null : body.contentType();
    if (type != null) {
      to.setHeader("Content-Type", type);
    }
    return client.sendAsync(
        to.build(),
        info ->
            info.statusCode() / 100 == 2
                ? new BoundedBody(MOST_BYTES, false)
                : new BoundedBody(MOST_ERROR_BYTES, true));
  }

  private static BodyPublisher body(@Nullable HttpRequestBody body) {
    if (body == null) {
      return BodyPublishers.noBody();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    body.writeTo(bytes);
    return BodyPublishers.ofByteArray(bytes.toByteArray());
  }

  /** The JDK's client has no end of its own; it goes when nobody holds it. */
  @Override
  public void close() {}

  /** A whole answer. */
  private static final class Answer implements HttpResponse {
    private final int status;
    private final Headers headers;
    private final InputStream body;

    Answer(java.net.http.HttpResponse<byte[]> from) {
      status = from.statusCode();
      Headers.Builder all = Headers.builder();
      from.headers().map().forEach(all::put);
      headers = all.build();
      body = new ByteArrayInputStream(from.body());
    }

    @Override
    public int statusCode() {
      return status;
    }

    @Override
    public Headers headers() {
      return headers;
    }

    @Override
    public InputStream body() {
      return body;
    }

    @Override
    public void close() {
      try {
        body.close();
      } catch (IOException e) {
        throw new OpenAIIoException("cannot close an answer", e);
      }
    }
  }
}
