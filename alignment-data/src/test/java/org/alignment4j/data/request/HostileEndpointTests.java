package org.alignment4j.data.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger.Prices;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.data.testing.RawServer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Endpoints that answer what no specification says. */
@Timeout(120)
class HostileEndpointTests {
  private static final ChatRequest REQUEST =
      ChatRequest.of(Prompt.user("hi"), Sampling.of(16, 0.5, 0.9), 7);

  private static final List<Integer> PASSING =
      List.of(408, 425, 429, 500, 501, 502, 503, 504, 520, 524, 529, 599);

  private static final List<Integer> OF_ONE_REQUEST = List.of(400, 409, 413, 415, 418, 422, 451);

  /** What servers put into the bodies of their errors, and worse. */
  private static final List<String> ERRORS =
      List.of(
          "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":\"unavailable_error\"}}",
          "{\"error\":{\"code\":503.5,\"message\":\"x\",\"type\":\"y\"}}",
          "{\"error\":{\"code\":true,\"message\":\"x\"}}",
          "{\"error\":{\"code\":null,\"message\":null,\"type\":null,\"param\":null}}",
          "{\"error\":{\"code\":{},\"message\":{},\"type\":{}}}",
          "{\"error\":{\"code\":[1],\"message\":[],\"type\":[]}}",
          "{\"error\":{\"message\":\"x\"}}",
          "{\"error\":{}}",
          "{\"error\":null}",
          "{\"error\":\"text\"}",
          "{\"error\":17}",
          "{\"error\":[]}",
          "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"x\",\"type\":\"missing\"}]}",
          "{\"object\":\"error\",\"message\":\"x\",\"code\":40303}",
          "[{\"error\":{\"code\":429}}]",
          "plain text",
          "<html><h1>Bad gateway</h1></html>",
          "",
          "{\"error\":{\"mess",
          "{}",
          "null",
          "\u001f\u008b\b\u0000\u0000",
          "\u00ff\u00fe\u0000\u0001",
          "[".repeat(5000),
          "x".repeat(100_000));

  private static OpenAiChatModel.Builder builder(RawServer server) {
    return OpenAiChatModel.builder(server.baseUrl(), "tiny")
        .tries(3)
        .firstWait(Duration.ofMillis(5))
        .callTimeout(Duration.ofSeconds(5));
  }

  private static ChatException failure(OpenAiChatModel model) {
    ChatException e = assertThrows(ChatException.class, () -> model.answer(REQUEST));
    assertTrue(e.getMessage().chars().noneMatch(Character::isISOControl), e.getMessage());
    assertTrue(e.getMessage().length() < 600, e.getMessage());
    return e;
  }

  private static byte[] answer(int status, String latin1Body) {
    return RawServer.answer(status, "", "X: y")
        .replace("Content-Length: 0\r\n", "Content-Length: " + latin1Body.length() + "\r\n")
        .concat(latin1Body)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /** llama.cpp's server says so while it loads. */
  @Test
  void anIntegerAsCodeIsRetriedAsAnyOther() {
    try (RawServer server = RawServer.first(RawServer.answer(503, ERRORS.get(0)));
        OpenAiChatModel model = builder(server).build()) {
      assertEquals(new ChatAnswer("fine", Finish.STOP, 3, 1), model.answer(REQUEST));
      assertEquals(2, server.tries());
      assertEquals(1, model.retries());
    }
  }

  @Test
  void theStatusAloneDecides() {
    theStatusDecides(List.of(503), List.of(400), ERRORS.subList(0, 3));
  }

  @Test
  @Tag("slow")
  void theStatusAloneDecidesWhateverBodyAndStatus() {
    theStatusDecides(PASSING, OF_ONE_REQUEST, ERRORS);
  }

  private static void theStatusDecides(
      List<Integer> passing, List<Integer> ofOneRequest, List<String> bodies) {
    for (String body : bodies) {
      for (int status : passing) {
        try (RawServer server =
                new RawServer(
                    (n, out) ->
                        out.write(
                            n == 1
                                ? answer(status, body)
                                : answer(200, RawServer.completion("fine"))));
            OpenAiChatModel model = builder(server).build()) {
          assertEquals("fine", model.answer(REQUEST).text(), status + " " + body);
          assertEquals(2, server.tries());
        }
      }
      for (int status : ofOneRequest) {
        try (RawServer server = new RawServer((n, out) -> out.write(answer(status, body)));
            OpenAiChatModel model = builder(server).build()) {
          ChatException e = failure(model);
          assertEquals(Kind.REQUEST, e.kind(), body);
          assertTrue(e.getMessage().contains("status " + status), e.getMessage());
          assertEquals(1, server.tries());
        }
      }
    }
  }

  /** A router says 403 to one prompt and 404 to one moment. */
  @Test
  void whatAnsweredBeforeIsNotSetUpWrong() {
    for (Map.Entry<Integer, Kind> e :
        Map.of(
                401, Kind.CONFIGURATION,
                402, Kind.CONFIGURATION,
                403, Kind.REQUEST,
                404, Kind.TRANSIENT,
                302, Kind.TRANSIENT)
            .entrySet()) {
      int status = e.getKey();
      try (RawServer server =
              new RawServer(
                  (n, out) ->
                      out.write(
                          n == 2
                              ? answer(status, "{}")
                              : answer(200, RawServer.completion("fine"))));
          OpenAiChatModel model = builder(server).build()) {
        model.answer(REQUEST);
        assertEquals(e.getValue(), failure(model).kind(), "status " + status);
        assertEquals("fine", model.answer(REQUEST).text());
      }
      try (RawServer server = new RawServer((n, out) -> out.write(answer(status, "{}")));
          OpenAiChatModel first = builder(server).build();
          OpenAiChatModel later = builder(server).build();
          RequestStore store = RequestStore.inMemory()) {
        assertEquals(Kind.CONFIGURATION, failure(first).kind());
        // A run that goes on knows from its store that the endpoint answers.
        store.put(
            "k",
            new StoredAnswer(
                new ChatAnswer("a", Finish.STOP, 1, 1),
                "tiny",
                "p",
                Prices.FREE.of(0, 0),
                "",
                false));
        ChatException again =
            assertThrows(
                ChatException.class, () -> RequestLedger.over(store).answer(later, REQUEST));
        assertEquals(e.getValue(), again.kind(), "status " + status);
      }
    }
  }

  @Test
  void farFutureIsNotWaitedFor() {
    for (String header :
        List.of(
            "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT",
            "Retry-After: 99999999999999999999999999",
            "Retry-After-Ms: 9223372036854775807")) {
      try (RawServer server = RawServer.first(RawServer.answer(429, "{}", header));
          OpenAiChatModel model = builder(server).build()) {
        ChatException e = failure(model);
        assertEquals(Kind.TRANSIENT, e.kind());
        assertTrue(e.getMessage().contains("asks for a wait of 3153600000 s"), e.getMessage());
        assertEquals(1, server.tries());
      }
    }
    try (RawServer server =
            RawServer.first(
                RawServer.answer(429, "{}", "Retry-After: -1"),
                RawServer.answer(429, "{}", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"));
        OpenAiChatModel model = builder(server).build()) {
      assertEquals("fine", model.answer(REQUEST).text());
    }
  }

  @Test
  void abodyWithoutEndIsGivenUp() {
    byte[] spaces = " ".repeat(65536).getBytes(StandardCharsets.US_ASCII);
    try (RawServer server =
            new RawServer(
                (n, out) -> {
                  out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                  while (true) {
                    out.write(spaces);
                  }
                });
        OpenAiChatModel model = builder(server).build()) {
      ChatException e = failure(model);
      assertEquals(Kind.TRANSIENT, e.kind());
      assertTrue(e.getMessage().contains("more than 2097152 bytes"), e.getMessage());
    }
  }

  @Test
  void atextLongerThanItsTokensIsNoAnswer() {
    try (RawServer server =
            RawServer.first(RawServer.answer(200, RawServer.completion("a".repeat(70_000))));
        OpenAiChatModel model = builder(server).build()) {
      assertEquals("fine", model.answer(REQUEST).text());
    }
  }

  /** Only the first bytes of an error's body are read, and the rest is not waited for. */
  @Test
  void anErrorWithoutEndIsAnError() {
    try (RawServer server =
            new RawServer(
                (n, out) -> {
                  out.write("HTTP/1.1 400 Bad\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                  while (true) {
                    out.write(new byte[65536]);
                  }
                });
        OpenAiChatModel model = builder(server).build()) {
      assertEquals(Kind.REQUEST, failure(model).kind());
    }
  }

  /** Compressed though nobody asked for it. */
  @ParameterizedTest
  @ValueSource(strings = {"\u001f\u008b\b\u0000garbage", "{\"choices\":[{\"message\":", "", "[1]"})
  void whatIsNoCompletionIsTriedAgain(String body) {
    try (RawServer server =
            new RawServer(
                (n, out) ->
                    out.write(
                        n == 1 ? answer(200, body) : answer(200, RawServer.completion("f"))));
        OpenAiChatModel model = builder(server).build()) {
      assertEquals("f", model.answer(REQUEST).text());
      assertEquals(2, server.tries());
    }
  }

  /** The same bytes in every run: the JDK's own maps have an order of the day. */
  @Test
  void requestsAreTheSameBytesInEveryRun() {
    Map<String, Object> extra = new LinkedHashMap<>();
    extra.put("z", Map.of("y", 1, "x", List.of(true, 0.1), "w", "\ud800"));
    extra.put("a", null);
    extra.put("n", Map.of("b", 1e21, "c", -0.0, "d", 7L, "e", 1.5f));
    try (RawServer server = RawServer.first();
        OpenAiChatModel model = builder(server).extraBody(extra).apiKey("k").build()) {
      model.answer(
          new ChatRequest(
              Prompt.user("\u00fc \ud83d\ude00 \ud800 \u0001 </script>"),
              new Sampling(9, -0.0, 1, List.of("\n")),
              3,
              "{\"type\":\"object\",\"b\":1,\"a\":[1.0,2]}"));
      assertEquals(
          "{\"messages\":[{\"content\":\"\u00fc \ud83d\ude00 ? \\u0001 </script>\",\"role\":\"user\"}],"
              + "\"model\":\"tiny\",\"max_tokens\":9,\"temperature\":0.0,\"top_p\":1.0,\"seed\":3,"
              + "\"stop\":[\"\\n\"],\"response_format\":{\"type\":\"json_schema\","
              + "\"json_schema\":{\"name\":\"answer\",\"strict\":true,"
              + "\"schema\":{\"type\":\"object\",\"b\":1,\"a\":[1.0,2]}}},\"a\":null,"
              + "\"n\":{\"b\":1.0E21,\"c\":-0.0,\"d\":7,\"e\":1.5},"
              + "\"z\":{\"w\":\"?\",\"x\":[true,0.1],\"y\":1}}",
          server.bodies().get(0));
      List<String> headers = new ArrayList<>();
      server.heads().get(0).lines().forEach(line -> headers.add(line.replaceAll(":.*", "")));
      Collections.sort(headers);
      assertEquals(
          List.of(
              "",
              "Authorization",
              "Content-Length",
              "Content-Type",
              "Host",
              "POST /v1/chat/completions HTTP/1.1",
              "User-Agent"),
          headers);
    }
  }

  /** Each kind of endless answer, sixteen at once, in a small heap: no OutOfMemoryError. */
  @Test
  @Tag("slow")
  void noAnswerFillsTheHeap() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                HostileEndpointTests.class.getName())
            .redirectErrorStream(true)
            .start();
    try {
      String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(child.waitFor(10, TimeUnit.SECONDS));
      assertFalse(said.contains("OutOfMemory"), said);
      assertEquals(0, child.exitValue(), said);
    } finally {
      child.destroyForcibly();
    }
  }

  /** An answer's beginning, and what follows it for ever; nothing for one that ends. */
  private record Endless(String begin, String forever) {}

  /** Asks a server of each kind from sixteen threads; ends with 1 if one got anything else. */
  public static void main(String[] arguments) throws InterruptedException {
    String ok = "HTTP/1.1 200 OK\r\n";
    String chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    List<Endless> all =
        List.of(
            new Endless("HTTP/1.1 200 ", "a"),
            new Endless("", "a"),
            new Endless(ok + "A: ", "a"),
            new Endless(ok, "a"),
            new Endless(ok, "X: 1\r\n"),
            new Endless("", "HTTP/1.1 100 Continue\r\n\r\n"),
            new Endless(chunked + "1;", "a"),
            new Endless(chunked, "0"),
            new Endless(chunked, "10\r\n                \r\n"),
            new Endless(chunked + "0\r\n", "X: 1\r\n"),
            new Endless(ok + "\r\n", " "),
            new Endless(ok + "Content-Length: 3221225472\r\n\r\n", " "),
            new Endless("HTTP/1.1 503 No\r\n\r\n", "{"),
            new Endless(RawServer.answer(200, "{\"x\":" + "[".repeat(1 << 20)), ""),
            new Endless(RawServer.answer(200, "{\"x\":[" + "{},".repeat(600_000) + "{}]}"), ""),
            new Endless(RawServer.answer(200, RawServer.completion("x".repeat(2_000_000))), ""));
    List<Throwable> other = Collections.synchronizedList(new ArrayList<>());
    for (Endless kind : all) {
      byte[] begin = kind.begin.getBytes(StandardCharsets.US_ASCII);
      byte[] forever = kind.forever.repeat(4000).getBytes(StandardCharsets.US_ASCII);
      try (RawServer server = new RawServer((n, out) -> endless(begin, forever, out));
          OpenAiChatModel model =
              builder(server).tries(2).callTimeout(Duration.ofSeconds(2)).build()) {
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 16; t++) {
          Thread thread =
              new Thread(
                  () -> {
                    try {
                      other.add(new IllegalStateException(model.answer(REQUEST).toString()));
                    } catch (ChatException e) {
                      if (String.valueOf(e.getMessage()).contains("Error")) {
                        other.add(e);
                      }
                    } catch (Throwable e) {
                      other.add(e);
                    }
                  });
          thread.start();
          threads.add(thread);
        }
        for (Thread thread : threads) {
          thread.join();
        }
      }
    }
    other.forEach(Throwable::printStackTrace);
    System.exit(other.isEmpty() ? 0 : 1);
  }

  private static void endless(byte[] begin, byte[] forever, OutputStream out) throws IOException {
    out.write(begin);
    while (forever.length > 0) {
      out.write(forever);
    }
  }
}
