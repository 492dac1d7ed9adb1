package org.alignment4j.data.request;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.alignment4j.core.CancelledException;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.host.Hashes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A chat model behind an endpoint of OpenAI's chat completions API: a server such as vLLM or
 * llama.cpp's, or a hosted one.
 *
 * <p>An attempt that ends in status 408, 425, 429 or 5xx, a timeout, a broken connection or a body
 * that is not a chat completion is retried after an exponential backoff with jitter, or after the
 * delay in Retry-After. Other statuses are not retried; the body of an error has no influence on
 * that. Requests go to the given address only; redirects are not followed. TLS, trust store and
 * proxy are the JVM's defaults, set by its system properties such as {@code https.proxyHost} and
 * {@code javax.net.ssl.trustStore}.
 *
 * <p>At most 2 MiB of a response body are read, and 64 KiB of an error's body. An answer longer
 * than max(65,536, 256 x maxTokens) UTF-16 units is rejected and retried. An answer that ends for
 * another reason than the model's end or the maximum number of tokens has finish {@code FILTERED}
 * or {@code OTHER}.
 *
 * <p>The seed is folded to 31 bits, as not every server accepts more. If an endpoint returns no
 * token counts, the upper bounds are charged.
 *
 * <p>Thread-safe. Requests beyond the maximum concurrency wait.
 */
public final class OpenAiChatModel implements ChatModel, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenAiChatModel.class);

  private final String name;
  private final String host;
  private final OpenAiCalls calls;
  private final Backoff backoff;
  private final RetryPolicy<ChatAnswer> retry;
  private final Semaphore atOnce;
  private final Pace requests;
  private final Pace tokens;
  private final AtomicLong retries = new AtomicLong();

  /** The handling of a prompt that ends with an assistant message. */
  public enum Prefill {
    /** Rejected by a {@link ChatException} of kind REQUEST. For endpoints that start a new turn. */
    REFUSE,
    /** Sent unchanged, for endpoints that continue it by default. */
    AS_IS,
    /** Sent with {@code continue_final_message}, as vLLM and SGLang require. */
    CONTINUE_FINAL_MESSAGE
  }

  private OpenAiChatModel(Builder b) {
    name = b.nameOrDefault();
    host = URI.create(b.baseUrl).getHost();
    calls =
        new OpenAiCalls(
            b.baseUrl,
            new OpenAiCalls.Timeouts(b.connectTimeout, b.readTimeout, b.callTimeout),
            new RequestForm(
                name, b.model, b.maxCompletionTokens, b.schemas, b.prefill, b.extraBody),
            b.apiKey);
    backoff = new Backoff(b.tries, b.firstWait, b.longestWait);
    retry = backoff.policy(retries::incrementAndGet);
    atOnce = new Semaphore(b.concurrency, true);
    requests = new Pace(b.requestsPerMinute);
    tokens = new Pace(b.tokensPerMinute);
  }

  /**
   * Starts a builder with the endpoint's address and its name of the model.
   *
   * @param baseUrl the address including the version, such as {@code http://localhost:8000/v1}
   */
  public static Builder builder(String baseUrl, String model) {
    return new Builder(baseUrl, model);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long retries() {
    return retries.get();
  }

  /**
   * As {@link ChatModel#answer}. The exception is of kind CONFIGURATION for the statuses 401 and
   * 402 and an exhausted quota, and for 403, 404, 405, 410 and redirects as long as the endpoint
   * has answered no request. Once it has, these are of kind REQUEST (403) or TRANSIENT, as a router
   * may return them for single requests. It is of kind REQUEST for other statuses below 500, and
   * TRANSIENT after the last attempt, or if the endpoint requests a longer delay than allowed. The
   * message contains the endpoint's, truncated and on one line, unless that quotes the request or
   * the key.
   */
  @Override
  public ChatAnswer answer(ChatRequest request) {
    Cancellation.check("a chat request");
    try {
      return Failsafe.with(retry).get(() -> once(request));
    } catch (FailedTry e) {
      throw new ChatException(
          Kind.TRANSIENT,
          name
              + (backoff.exceedsLongest(e)
                  ? ": asks for a wait of " + e.retryAfter().orElseThrow().toSeconds() + " s: "
                  : ": no answer in " + backoff.tries() + " tries, the last: ")
              + e.getMessage(),
          e.getCause());
    } catch (FailsafeException e) {
      if (e.getCause() instanceof InterruptedException) {
        throw cancelled(e);
      }
      throw e;
    }
  }

  /**
   * Notes that the endpoint answered in an earlier run, so that failures may be of single requests.
   */
  void knownToAnswer() {
    calls.knownToAnswer();
  }

  private ChatAnswer once(ChatRequest request) {
    try {
      requests.take(1);
      tokens.take(likelyTokens(request));
      atOnce.acquire();
    } catch (InterruptedException e) {
      throw cancelled(e);
    }
    try {
      return calls.answer(request);
    } catch (FailedTry e) {
      LOG.debug("{}: an attempt failed: {}", name, e.getMessage());
      throw e;
    } finally {
      atOnce.release();
    }
  }

  private static int likelyTokens(ChatRequest request) {
    long likely =
        StoredRequests.promptTokenBound(request) / 3 + (long) request.sampling().maxTokens();
    return (int) Math.min(likely, 10_000_000);
  }

  private static CancelledException cancelled(Throwable cause) {
    Thread.currentThread().interrupt();
    return new CancelledException("a chat request was cancelled", cause);
  }

  /**
   * Returns a seed in the range that endpoints accept, 0 to 2^31 - 1; those in it are unchanged.
   */
  static long seed(long seed) {
    return (seed ^ (seed >>> 31) ^ (seed >>> 62)) & 0x7FFF_FFFF;
  }

  /** Returns the name and the endpoint's host, without the key. */
  @Override
  public String toString() {
    return "OpenAiChatModel[" + name + " at " + host + "]";
  }

  /** Does nothing: the JDK closes idle connections by itself. */
  @Override
  public void close() {}

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    private final String baseUrl;
    private final String model;
    private @Nullable String name;
    private String apiKey = "";
    private boolean maxCompletionTokens;
    private boolean schemas = true;
    private Prefill prefill = Prefill.REFUSE;
    private JsonObject extraBody = new JsonObject();
    private int tries = 6;
    private Duration firstWait = Duration.ofSeconds(1);
    private Duration longestWait = Duration.ofMinutes(2);
    private int requestsPerMinute = Integer.MAX_VALUE;
    private int tokensPerMinute = Integer.MAX_VALUE;
    private int concurrency = 16;
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration readTimeout = Duration.ofMinutes(5);
    private Duration callTimeout = Duration.ofMinutes(5);

    private Builder(String baseUrl, String model) {
      this.baseUrl = baseUrl;
      this.model = model;
    }

    /**
     * Sets the model's name in reports and keys. Default: the endpoint's name of it, with a hash of
     * {@link #extraBody} if that is set. Set it if one name denotes models that answer differently:
     * at two endpoints, in two versions, in two precisions. The address is not part of it, so that
     * a store stays valid when a server moves.
     */
    public Builder name(String value) {
      name = value;
      return this;
    }

    /** Sets the API key, sent as bearer token; default none. It is never logged or shown. */
    public Builder apiKey(String value) {
      apiKey = value;
      return this;
    }

    /**
     * Reads the API key from an environment variable.
     *
     * @throws ChatException of kind CONFIGURATION if it is not set
     */
    public Builder apiKeyFromEnvironment(String variable) {
      String value = System.getenv(variable);
      if (value == null || value.isBlank()) {
        throw new ChatException(
            Kind.CONFIGURATION, "the environment variable " + variable + " is not set", null);
      }
      return apiKey(value.strip());
    }

    /**
     * Sets whether the maximum number of tokens is sent as {@code max_completion_tokens}, which
     * OpenAI's reasoning models require, instead of {@code max_tokens}; default false.
     */
    public Builder maxCompletionTokens(boolean value) {
      maxCompletionTokens = value;
      return this;
    }

    /**
     * Sets whether schemas are sent, as {@code response_format} of type {@code json_schema},
     * strict; default true. Use false for servers that reject it.
     */
    public Builder schemas(boolean value) {
      schemas = value;
      return this;
    }

    /** Sets the handling of a prompt that ends with an assistant message; default REFUSE. */
    public Builder prefill(Prefill value) {
      prefill = value;
      return this;
    }

    /**
     * Sets further properties of each request's body, which override those of this class, such as
     * {@code chat_template_kwargs}; default none.
     *
     * @param value values that JSON can represent: null, strings, booleans, finite numbers, lists,
     *     and maps with string keys, which are sent in the order of their keys
     * @throws IllegalArgumentException if it contains anything else, or sets {@code model}, {@code
     *     messages} or {@code stream}
     */
    public Builder extraBody(Map<String, Object> value) {
      extraBody = RequestForm.extra(value);
      return this;
    }

    /** Sets the maximum number of attempts of a request, 1 or more; default 6. */
    public Builder tries(int value) {
      tries = value;
      return this;
    }

    /** Sets the delay after the first attempt, which doubles after each; default 1 second. */
    public Builder firstWait(Duration value) {
      firstWait = value;
      return this;
    }

    /**
     * Sets the maximum delay after an attempt, also one that the endpoint requests; default 2
     * minutes.
     */
    public Builder longestWait(Duration value) {
      longestWait = value;
      return this;
    }

    /**
     * Sets the maximum number of attempts per minute, evenly spaced, 1 or more; default unlimited.
     */
    public Builder requestsPerMinute(int value) {
      requestsPerMinute = value;
      return this;
    }

    /**
     * Sets the maximum number of tokens per minute, 1 or more; default unlimited. An attempt counts
     * as a third of its prompt's bytes plus the answer's maximum number of tokens.
     */
    public Builder tokensPerMinute(int value) {
      tokensPerMinute = value;
      return this;
    }

    /** Sets the maximum number of concurrent attempts, 1 or more; default 16. */
    public Builder concurrency(int value) {
      concurrency = value;
      return this;
    }

    /** Sets the timeout of connecting; default 10 seconds. */
    public Builder connectTimeout(Duration value) {
      connectTimeout = value;
      return this;
    }

    /**
     * Sets the timeout until the response starts, which for most endpoints is when it is complete;
     * default 5 minutes.
     */
    public Builder readTimeout(Duration value) {
      readTimeout = value;
      return this;
    }

    /** Sets the timeout of a whole attempt, however slowly bytes arrive; default 5 minutes. */
    public Builder callTimeout(Duration value) {
      callTimeout = value;
      return this;
    }

    private String nameOrDefault() {
      if (name != null) {
        return name;
      }
      if (extraBody.isEmpty()) {
        return model;
      }
      // Including nulls, as it is sent.
      String body = new GsonBuilder().serializeNulls().create().toJson(extraBody);
      return model + "+" + Hashes.sha256(List.of(body)).substring(0, 8);
    }

    /**
     * Builds the model; sends no request.
     *
     * @throws IllegalArgumentException if a setting is out of range, or the address is not an http
     *     or https URL, or contains a user or a query
     */
    public OpenAiChatModel build() {
      checkUrl();
      require(!model.isBlank(), "the model has no name");
      require(tries >= 1, "tries must be 1 or more, was %s", tries);
      require(
          requestsPerMinute >= 1 && tokensPerMinute >= 1 && concurrency >= 1,
          "rates and concurrency must be 1 or more, were %s, %s and %s",
          requestsPerMinute,
          tokensPerMinute,
          concurrency);
      for (Duration d : List.of(firstWait, longestWait, connectTimeout, readTimeout, callTimeout)) {
        require(
            !d.isNegative() && !d.isZero() && d.toDays() < 1,
            "waits and timeouts must be above 0 and below a day, found %s",
            d);
      }
      require(
          apiKey.chars().allMatch(c -> c > ' ' && c < 127),
          "the API key holds a space, a line break or other than ASCII");
      return new OpenAiChatModel(this);
    }

    /** Messages do not show the address, which may contain a password. */
    private void checkUrl() {
      URI uri;
      try {
        uri = URI.create(baseUrl);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("the base URL is none");
      }
      require(
          ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
              && uri.getHost() != null,
          "the base URL must begin with http:// or https:// and a host");
      require(
          uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null,
          "the base URL may have no user, query or fragment; give the key as apiKey");
    }
  }
}
