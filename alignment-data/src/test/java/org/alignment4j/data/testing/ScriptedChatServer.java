package org.alignment4j.data.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.alignment4j.internal.host.Hashes;

/**
 * A server on this machine that speaks OpenAI's chat completions. What it answers is a function of
 * the request's body; a script says which tries of which requests fail, and how. Counts what comes.
 * Tokens are words. Also a program: {@code PORT SEED RATE DELAY_MILLIS}, port 0 for any, which
 * prints its address.
 */
public final class ScriptedChatServer implements AutoCloseable {
  static {
    // Without it each answer waits 40 ms for an acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private final HttpServer server;
  private final ExecutorService threads;
  private final Script script;
  private final Function<JsonObject, String> answers;
  private final Duration delay;
  private final Map<String, Integer> received = new ConcurrentHashMap<>();
  private final Map<String, Integer> answered = new ConcurrentHashMap<>();
  private final List<JsonObject> bodies = new CopyOnWriteArrayList<>();
  private final List<Map<String, List<String>>> headers = new CopyOnWriteArrayList<>();
  private final AtomicInteger now = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();

  /** Says what becomes of a try. */
  @FunctionalInterface
  public interface Script {
    /**
     * @param key SHA-256 of the request's body
     * @param attempt how often this body has come, from 1
     */
    Fault fault(String key, int attempt);

    /** No faults. */
    static Script none() {
      return (key, attempt) -> Fault.NONE;
    }

    /** The faults one after the other, then none, for each body anew. */
    static Script first(Fault... faults) {
      return (key, attempt) -> attempt <= faults.length ? faults[attempt - 1] : Fault.NONE;
    }

    /**
     * One of the faults on a share of the tries, as a function of seed, body and attempt alone.
     *
     * @param rate 0 to 1
     */
    static Script seeded(long seed, double rate, Fault... faults) {
      return (key, attempt) -> {
        String hash = Hashes.sha256(List.of(Long.toString(seed), key, Integer.toString(attempt)));
        double drawn = Long.parseLong(hash.substring(0, 12), 16) * 0x1p-48;
        return drawn < rate
            ? faults[Integer.parseInt(hash.substring(12, 18), 16) % faults.length]
            : Fault.NONE;
      };
    }
  }

  /** How a try fails. */
  public enum Kind {
    /** It does not. */
    ANSWER,
    /** A status with an error body that quotes the request. */
    STATUS,
    /** Nothing is sent for a long time. */
    SILENCE,
    /** Status 200 with half of a JSON text. */
    MALFORMED,
    /** Status 200 with JSON that has no choices. */
    NO_CHOICES,
    /** A byte now and then. */
    TRICKLE,
    /** The connection is closed without a word. */
    DROP,
    /** The connection is closed in the middle of the answer. */
    CUT
  }

  /**
   * What becomes of a try.
   *
   * @param status of {@link Kind#STATUS}
   * @param code the error's code
   * @param headers name and value by turns
   */
  public record Fault(Kind kind, int status, String code, List<String> headers) {
    /** None. */
    public static final Fault NONE = of(Kind.ANSWER);

    /** A fault of a kind other than a status. */
    public static Fault of(Kind kind) {
      return new Fault(kind, 200, "", List.of());
    }

    /** A status, with headers by turns of name and value. */
    public static Fault status(int status, String... headers) {
      return new Fault(Kind.STATUS, status, "scripted", List.of(headers));
    }

    /** A status with an error code. */
    public static Fault error(int status, String code) {
      return new Fault(Kind.STATUS, status, code, List.of());
    }

    /** What endpoints do now and then and recover from, without long waits. */
    public static Fault[] passing() {
      return new Fault[] {
        status(429, "Retry-After-Ms", "20"),
        status(500),
        status(503),
        of(Kind.MALFORMED),
        of(Kind.NO_CHOICES),
        of(Kind.DROP),
        of(Kind.CUT)
      };
    }
  }

  private ScriptedChatServer(
      int port, Script script, Function<JsonObject, String> answers, Duration delay)
      throws IOException {
    this.script = script;
    this.answers = answers;
    this.delay = delay;
    threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "chat-server");
              thread.setDaemon(true);
              return thread;
            });
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 64);
    server.createContext("/v1/chat/completions", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  /** A server on a free port that answers with {@link #answer} by a script. */
  public static ScriptedChatServer start(Script script) {
    return start(0, script, ScriptedChatServer::answer, Duration.ZERO);
  }

  /**
   * A server.
   *
   * @param port 0 for a free one
   * @param answers the answer's text by the request's body
   * @param delay before each try is answered
   */
  public static ScriptedChatServer start(
      int port, Script script, Function<JsonObject, String> answers, Duration delay) {
    try {
      return new ScriptedChatServer(port, script, answers, delay);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Some words that depend on all of a request's body. */
  public static String answer(JsonObject body) {
    String hash = Hashes.sha256(List.of(body.toString()));
    return "word " + hash.substring(0, 8) + " of " + Integer.parseInt(hash.substring(8, 12), 16);
  }

  /** What clients are given as base URL. */
  public String baseUrl() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
  }

  /** Tries that came, by SHA-256 of their bodies. */
  public Map<String, Integer> received() {
    return Map.copyOf(received);
  }

  /** Whole answers that were sent, by SHA-256 of the requests' bodies. */
  public Map<String, Integer> answered() {
    return Map.copyOf(answered);
  }

  /** Tries that came. */
  public int tries() {
    return received.values().stream().mapToInt(Integer::intValue).sum();
  }

  /**
   * Tries that came, once these are as many as expected, or after 10 seconds: a client whose calls
   * time out gives up before a busy server has counted them.
   */
  public int triesAwaited(int expected) {
    long end = System.nanoTime() + 10_000_000_000L;
    while (headers.size() < expected && System.nanoTime() < end) {
      LockSupport.parkNanos(5_000_000);
    }
    return tries();
  }

  /** The bodies of all tries, in the order in which they came. */
  public List<JsonObject> bodies() {
    return List.copyOf(bodies);
  }

  /** The headers of all tries. */
  public List<Map<String, List<String>>> headers() {
    return List.copyOf(headers);
  }

  /** Most tries that were under way at once. */
  public int mostAtOnce() {
    return most.get();
  }

  private void handle(HttpExchange exchange) throws IOException {
    most.accumulateAndGet(now.incrementAndGet(), Math::max);
    try (exchange) {
      String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String key = Hashes.sha256(List.of(text));
      JsonObject body = JsonParser.parseString(text).getAsJsonObject();
      int attempt = received.merge(key, 1, Integer::sum);
      bodies.add(body);
      headers.add(Map.copyOf(exchange.getRequestHeaders()));
      Thread.sleep(delay.toMillis());
      // Before the answer: once a client has it, its next request may be here first.
      now.decrementAndGet();
      respond(exchange, script.fault(key, attempt), key, body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void respond(HttpExchange exchange, Fault fault, String key, JsonObject body)
      throws IOException, InterruptedException {
    String whole = completion(body).toString();
    switch (fault.kind()) {
      case ANSWER -> {
        // Counted before it can be seen, or a fast client would find it missing.
        answered.merge(key, 1, Integer::sum);
        send(exchange, 200, whole);
      }
      case STATUS -> {
        for (int i = 0; i < fault.headers().size(); i += 2) {
          exchange.getResponseHeaders().add(fault.headers().get(i), fault.headers().get(i + 1));
        }
        send(exchange, fault.status(), error(fault, body).toString());
      }
      case SILENCE -> Thread.sleep(60_000);
      case MALFORMED -> send(exchange, 200, whole.substring(0, whole.length() / 2));
      case NO_CHOICES -> send(exchange, 200, "{\"object\":\"chat.completion\",\"choices\":[]}");
      case TRICKLE -> {
        byte[] bytes = whole.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        for (byte b : bytes) {
          exchange.getResponseBody().write(b);
          exchange.getResponseBody().flush();
          Thread.sleep(50);
        }
      }
      case DROP -> {}
      case CUT -> {
        byte[] bytes = whole.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes, 0, bytes.length / 2);
        exchange.getResponseBody().flush();
      }
    }
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  private JsonObject completion(JsonObject body) {
    List<String> words = Arrays.asList(answers.apply(body).split(" "));
    JsonElement limit = body.has("max_tokens") ? body.get("max_tokens") : null;
    boolean cut = limit != null && limit.getAsInt() < words.size();
    List<String> kept = cut ? words.subList(0, limit.getAsInt()) : words;
    JsonObject message = new JsonObject();
    message.addProperty("role", "assistant");
    message.addProperty("content", String.join(" ", kept));
    JsonObject choice = new JsonObject();
    choice.addProperty("index", 0);
    choice.addProperty("finish_reason", cut ? "length" : "stop");
    choice.add("message", message);
    JsonArray choices = new JsonArray();
    choices.add(choice);
    int read = promptTokens(body);
    JsonObject usage = new JsonObject();
    usage.addProperty("prompt_tokens", read);
    usage.addProperty("completion_tokens", kept.size());
    usage.addProperty("total_tokens", read + kept.size());
    JsonObject whole = new JsonObject();
    whole.addProperty("id", "scripted");
    whole.addProperty("object", "chat.completion");
    whole.addProperty("created", 0);
    whole.add("model", body.get("model"));
    whole.add("choices", choices);
    whole.add("usage", usage);
    return whole;
  }

  private static int promptTokens(JsonObject body) {
    int words = 0;
    for (JsonElement message : body.getAsJsonArray("messages")) {
      words += message.getAsJsonObject().get("content").getAsString().split(" ").length;
    }
    return words;
  }

  private static JsonObject error(Fault fault, JsonObject body) {
    JsonObject error = new JsonObject();
    error.addProperty("message", "cannot answer " + body);
    error.addProperty("type", "scripted_error");
    error.addProperty("code", fault.code());
    JsonObject whole = new JsonObject();
    whole.add("error", error);
    return whole;
  }

  /** Ends it, and what is under way. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  /** Runs until the process is ended. */
  public static void main(String[] arguments) throws InterruptedException {
    ScriptedChatServer server =
        start(
            Integer.parseInt(arguments[0]),
            Script.seeded(
                Long.parseLong(arguments[1]), Double.parseDouble(arguments[2]), Fault.passing()),
            ScriptedChatServer::answer,
            Duration.ofMillis(Long.parseLong(arguments[3])));
    System.out.println(server.baseUrl());
    Thread.currentThread().join();
  }
}
