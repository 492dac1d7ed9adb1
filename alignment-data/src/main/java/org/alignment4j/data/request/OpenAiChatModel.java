package org.alignment4j.data.request;

import static org.alignment4j.core.Arguments.require;

import com.google.gson.GsonBuilder;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RateLimiter;
import dev.failsafe.RetryPolicy;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.alignment4j.core.Cancellation;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.Hashes;
import org.alignment4j.data.request.ChatException.Kind;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model behind an endpoint that speaks OpenAI's chat completions: a server such as vLLM or
 * llama.cpp's, or a hosted API. Needs {@code com.openai:openai-java-core}, an optional dependency.
 *
 * <p>A try that ends in status 408, 425, 429 or 5xx, a timeout, a broken connection or a body that
 * is no chat completion is followed by another, behind a wait that doubles each time and has a
 * random part, or the one that the endpoint asks for. Other statuses are not tried again. The
 * status decides alone, whatever form the body of an error has. Requests go to the given address
 * alone, redirections are not followed; a proxy is one if the JVM's settings say so.
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

  private final Builder settings;
  private final String name;
  private final OpenAiCalls calls;
  private final RetryPolicy<ChatAnswer> retry;
  private final Semaphore atOnce;
  private final @Nullable RateLimiter<Object> requestRate;
  private final @Nullable RateLimiter<Object> tokenRate;
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

  private OpenAiChatModel(Builder b, String apiKey) {
    settings = b;
    name = b.nameOrDefault();
    try {
      calls = new OpenAiCalls(b, name, apiKey);
    } catch (NoClassDefFoundError e) {
      throw new ChatException(
          Kind.CONFIGURATION,
          "an OpenAI-compatible model needs com.openai:openai-java-core:4.8.0 among the"
              + " application's dependencies",
          e);
    }
    retry =
        RetryPolicy.<ChatAnswer>builder()
            .handle(FailedTry.class)
            .withMaxAttempts(b.tries)
            .abortOn(e -> e instanceof FailedTry f && asksTooLong(f))
            .withDelayFn(c -> delay(c.getLastException(), c.getAttemptCount()))
            .onRetry(e -> retries.incrementAndGet())
            .build();
    atOnce = new Semaphore(b.concurrency, true);
    requestRate = rate(b.requestsPerMinute);
    tokenRate = rate(b.tokensPerMinute);
  }

  private static @Nullable RateLimiter<Object> rate(int perMinute) {
    return perMinute == Integer.MAX_VALUE
        ? null
        : RateLimiter.smoothBuilder(perMinute, Duration.ofMinutes(1)).build();
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
              + (asksTooLong(e)
                  ? ": asks for a wait of " + e.retryAfter().orElseThrow().toSeconds() + " s: "
                  : ": no answer in " + settings.tries + " tries, the last: ")
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
      pace(requestRate, 1);
      pace(tokenRate, likelyTokens(request));
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

  /** Waits until what others took is over; what is taken here delays those who come next. */
  private static void pace(@Nullable RateLimiter<Object> rate, int permits)
      throws InterruptedException {
    if (rate == null) {
      return;
    }
    long own = rate.getConfig().getMaxRate() == null ? 0 : rate.getConfig().getMaxRate().toNanos();
    long wait = rate.reservePermits(permits).toNanos() - (permits - 1) * own;
    if (wait > 0) {
      Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
    }
  }

  private static int likelyTokens(ChatRequest request) {
    long likely =
        StoredRequests.promptTokenBound(request) / 3 + (long) request.sampling().maxTokens();
    return (int) Math.min(likely, 10_000_000);
  }

  private boolean asksTooLong(FailedTry e) {
    return e.retryAfter().filter(r -> r.compareTo(settings.longestWait) > 0).isPresent();
  }

  private Duration delay(@Nullable Throwable failure, int tries) {
    double doubled = (double) settings.firstWait.toNanos() * Math.pow(2, Math.min(tries - 1, 40));
    double own = Math.min(doubled, (double) settings.longestWait.toNanos());
    long random = (long) (own * ThreadLocalRandom.current().nextDouble(0.5, 1));
    // One that asks for more than the longest wait is not tried again.
    long asked =
        failure instanceof FailedTry f && !asksTooLong(f)
            ? f.retryAfter().orElse(Duration.ZERO).toNanos()
            : 0;
    // Those who were told the same must not come back all at once.
    return Duration.ofNanos(asked > 0 ? asked + random / 8 : random);
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
    return "OpenAiChatModel[" + name + " at " + URI.create(settings.baseUrl).getHost() + "]";
  }

  /** Frees the client. */
  @Override
  public void close() {
    calls.close();
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    final String baseUrl;
    final String model;
    private @Nullable String name;
    private String apiKey = "";
    boolean maxCompletionTokens;
    boolean schemas = true;
    Prefill prefill = Prefill.REFUSE;
    Map<String, Object> extraBody = Map.of();
    private int tries = 6;
    private Duration firstWait = Duration.ofSeconds(1);
    private Duration longestWait = Duration.ofMinutes(2);
    private int requestsPerMinute = Integer.MAX_VALUE;
    private int tokensPerMinute = Integer.MAX_VALUE;
    private int concurrency = 16;
    Duration connectTimeout = Duration.ofSeconds(10);
    Duration readTimeout = Duration.ofMinutes(5);
    Duration callTimeout = Duration.ofMinutes(5);

    private Builder(String baseUrl, String model) {
      this.baseUrl = baseUrl;
      this.model = model;
    }

    private Builder(Builder from) {
      baseUrl = from.baseUrl;
      model = from.model;
      name = from.name;
      maxCompletionTokens = from.maxCompletionTokens;
      schemas = from.schemas;
      prefill = from.prefill;
      extraBody = from.extraBody;
      tries = from.tries;
      firstWait = from.firstWait;
      longestWait = from.longestWait;
      requestsPerMinute = from.requestsPerMinute;
      tokensPerMinute = from.tokensPerMinute;
      concurrency = from.concurrency;
      connectTimeout = from.connectTimeout;
      readTimeout = from.readTimeout;
      callTimeout = from.callTimeout;
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
      for (String own : List.of("model", "messages", "stream")) {
        require(!value.containsKey(own), "the extra body may not set %s", own);
      }
      Map<String, Object> copy = new TreeMap<>();
      value.forEach((key, v) -> copy.put(key, json(key, v)));
      extraBody = copy;
      return this;
    }

    /** A copy whose maps are in the order of their keys: that of the JDK's differs by the run. */
    private static @Nullable Object json(String key, @Nullable Object value) {
      if (value instanceof Map<?, ?> map) {
        Map<String, Object> copy = new TreeMap<>();
        map.forEach(
            (inner, v) -> {
              require(
                  inner instanceof String, "the extra body's %s has a key that is no text", key);
              copy.put(String.valueOf(inner), json(String.valueOf(inner), v));
            });
        return copy;
      }
      if (value instanceof List<?> list) {
        List<@Nullable Object> copy = new ArrayList<>();
        list.forEach(v -> copy.add(json(key, v)));
        return Collections.unmodifiableList(copy);
      }
      if (value instanceof String text) {
        return OpenAiCalls.utf8(text);
      }
      boolean number =
          value instanceof Number n
              && (n.getClass().getName().startsWith("java.lang.") || n instanceof BigInteger)
              && Double.isFinite(n.doubleValue());
      boolean exact = value instanceof BigDecimal;
      require(
          value == null || value instanceof Boolean || number || exact,
          "the extra body holds what JSON has not: %s is a %s",
          key,
          value == null ? "" : value.getClass().getSimpleName());
      return value;
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
     * @throws ChatException of kind CONFIGURATION if the client's library is absent
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
      return new OpenAiChatModel(new Builder(this), apiKey);
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
