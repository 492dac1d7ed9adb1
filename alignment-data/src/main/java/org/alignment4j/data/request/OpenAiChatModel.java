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
 * A model behind an endpoint that speaks OpenAI's chat completions: a server such as vLLM or
 * llama.cpp's, or a hosted API.
 *
 * <p>A try that ends in status 408, 425, 429 or 5xx, a timeout, a broken connection or a body that
 * is no chat completion is followed by another, behind a wait that doubles each time and has a
 * random part, or the one that the endpoint asks for. Other statuses are not tried again. The
 * status decides alone, whatever form the body of an error has. Requests go to the given address
 * alone, redirections are not followed. TLS, trust store and proxy are the JVM's defaults, set by
 * its system properties such as {@code https.proxyHost} and {@code javax.net.ssl.trustStore}.
 *
 * <p>Of an answer at most 2 MiB are read, of an error's body 64 KiB, and no answer may be longer
 * than 65,536 UTF-16 units and 256 for each of its most tokens. An answer that the endpoint ends
 * for another reason than that the model was done, or came to the most tokens, is of finish {@code
 * FILTERED} or {@code OTHER}.
 *
 * <p>The seed is sent folded to 31 bits, as not every server takes more. An endpoint that counts no
 * tokens is taken to have used the most.
 *
 * <p>Thread-safe. Threads beyond the most that may ask at once wait.
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

  /** What becomes of a prompt that ends with an assistant message. */
  public enum Prefill {
    /** Not sent; a {@link ChatException} of kind REQUEST. For endpoints that begin a new turn. */
    REFUSE,
    /** Sent as it is, for endpoints that continue it by themselves. */
    AS_IS,
    /** Sent with {@code continue_final_message}, as vLLM and SGLang want it. */
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
   * Starts with an address and the name that the endpoint knows the model by.
   *
   * @param baseUrl with the version, such as {@code http://localhost:8000/v1}
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
   * See {@link ChatModel#answer}. Of kind CONFIGURATION for the statuses 401 and 402 and an
   * exhausted quota, and for 403, 404, 405, 410 and redirections as long as the endpoint has
   * answered nothing: a router answers single requests so, too, which are then of kind REQUEST
   * (403) or TRANSIENT. REQUEST for others below 500, TRANSIENT after the last try, or if the
   * endpoint asks for a longer wait than allowed. The message holds the endpoint's, cut and on one
   * line, unless it quotes the request or the key.
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
              + (backoff.asksTooLong(e)
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

  /** The endpoint has answered before, in another run: what fails now may be single requests. */
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
      LOG.debug("{}: a try failed: {}", name, e.getMessage());
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

  /** A seed as endpoints take it: 0 to 2^31 - 1, itself if it is one of these. */
  static long seed(long seed) {
    return (seed ^ (seed >>> 31) ^ (seed >>> 62)) & 0x7FFF_FFFF;
  }

  /** The name and the endpoint's host; no key. */
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
     * What the model is called in reports and keys. Default the endpoint's name for it, with a hash
     * of {@link #extraBody} if that is set. Set it where one name stands for models that answer
     * differently: at two endpoints, in two versions, in two precisions. The address is no part of
     * it, so that a store outlives a server's move.
     */
    public Builder name(String value) {
      name = value;
      return this;
    }

    /** The key that is sent as bearer token; default none. It is never logged or shown. */
    public Builder apiKey(String value) {
      apiKey = value;
      return this;
    }

    /**
     * Takes the key from an environment variable.
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
     * Whether the most tokens are sent as {@code max_completion_tokens}, as OpenAI's reasoning
     * models want it, not as {@code max_tokens}; default false.
     */
    public Builder maxCompletionTokens(boolean value) {
      maxCompletionTokens = value;
      return this;
    }

    /**
     * Whether schemas are sent, as {@code response_format} of type {@code json_schema}, strict;
     * default true. Off for servers that refuse it.
     */
    public Builder schemas(boolean value) {
      schemas = value;
      return this;
    }

    /** What becomes of a prompt that ends with an assistant message; default REFUSE. */
    public Builder prefill(Prefill value) {
      prefill = value;
      return this;
    }

    /**
     * Further properties of each request's body, over those of this class, such as {@code
     * chat_template_kwargs}; default none.
     *
     * @param value of JSON's kinds: null, texts, truths, finite numbers, lists, and maps by texts,
     *     which are sent in the order of their keys
     * @throws IllegalArgumentException if it holds anything else, or sets {@code model}, {@code
     *     messages} or {@code stream}
     */
    public Builder extraBody(Map<String, Object> value) {
      extraBody = RequestForm.extra(value);
      return this;
    }

    /** Most tries of a request, 1 or more; default 6. */
    public Builder tries(int value) {
      tries = value;
      return this;
    }

    /** The wait behind the first try, which doubles from try to try; default 1 second. */
    public Builder firstWait(Duration value) {
      firstWait = value;
      return this;
    }

    /** The longest wait behind a try, the endpoint's wish included; default 2 minutes. */
    public Builder longestWait(Duration value) {
      longestWait = value;
      return this;
    }

    /** Most tries a minute, evenly spaced, 1 or more; default no bound. */
    public Builder requestsPerMinute(int value) {
      requestsPerMinute = value;
      return this;
    }

    /**
     * Most tokens a minute, 1 or more; default no bound. A try counts a third of its prompt's bytes
     * and the most that the answer may have.
     */
    public Builder tokensPerMinute(int value) {
      tokensPerMinute = value;
      return this;
    }

    /** Most tries under way at once, 1 or more; default 16. */
    public Builder concurrency(int value) {
      concurrency = value;
      return this;
    }

    /** The longest wait for a connection; default 10 seconds. */
    public Builder connectTimeout(Duration value) {
      connectTimeout = value;
      return this;
    }

    /** The longest wait for an answer to begin, which most do when done; default 5 minutes. */
    public Builder readTimeout(Duration value) {
      readTimeout = value;
      return this;
    }

    /** The longest time of a try, however slowly bytes come; default 5 minutes. */
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
      // With nulls, as it is sent.
      String body = new GsonBuilder().serializeNulls().create().toJson(extraBody);
      return model + "+" + Hashes.sha256(List.of(body)).substring(0, 8);
    }

    /**
     * The model; sends nothing yet.
     *
     * @throws IllegalArgumentException if a setting is out of its range, or the address is no URL
     *     of http or https, or holds a user or a query
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

    /** Messages do not show the address, which may hold a password. */
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
