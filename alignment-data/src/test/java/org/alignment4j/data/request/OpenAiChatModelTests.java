package org.alignment4j.data.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.data.request.ChatException.Kind;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.OpenAiChatModel.Prefill;
import org.alignment4j.data.testing.ScriptedChatServer;
import org.alignment4j.data.testing.ScriptedChatServer.Fault;
import org.alignment4j.data.testing.ScriptedChatServer.Script;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class OpenAiChatModelTests {
  private static final String SECRET = "sk-verySecretKey123";
  private static final String PRIVATE = "a private question";
  private static final ChatRequest REQUEST =
      ChatRequest.of(
          Prompt.of(Message.system("be short"), Message.user(PRIVATE)),
          Sampling.of(40, 0.7, 0.95),
          11);

  private static OpenAiChatModel.Builder builder(ScriptedChatServer server) {
    return OpenAiChatModel.builder(server.baseUrl(), "tiny")
        .apiKey(SECRET)
        .tries(3)
        .firstWait(Duration.ofMillis(10))
        .callTimeout(Duration.ofMillis(600));
  }

  private static ChatException failure(OpenAiChatModel model) {
    ChatException e = assertThrows(ChatException.class, () -> model.answer(REQUEST));
    StringWriter trace = new StringWriter();
    e.printStackTrace(new PrintWriter(trace));
    assertFalse(trace.toString().contains(PRIVATE), trace.toString());
    assertFalse(trace.toString().contains(SECRET), trace.toString());
    assertTrue(e.getMessage().startsWith("tiny: "), e.getMessage());
    return e;
  }

  @Test
  void aRequestSaysWhatWasAskedAndNoMore() {
    try (ScriptedChatServer server = ScriptedChatServer.start(Script.none());
        OpenAiChatModel model = builder(server).build()) {
      ChatAnswer answer = model.answer(REQUEST);
      JsonObject body = server.bodies().get(0);
      assertEquals(
          JsonParser.parseString(
              "{'model':'tiny','messages':[{'role':'system','content':'be short'},"
                  + "{'role':'user','content':'a private question'}],'max_tokens':40,"
                  + "'temperature':0.7,'top_p':0.95,'seed':11}"),
          body);
      assertEquals(new ChatAnswer(ScriptedChatServer.answer(body), Finish.STOP, 5, 4), answer);
      Map<String, List<String>> headers = server.headers().get(0);
      assertEquals(List.of("Bearer " + SECRET), headers.get("Authorization"));
      // Neither Java's version nor the system's.
      assertEquals(List.of("alignment4j"), headers.get("User-agent"));
      assertFalse(model.toString().contains(SECRET));
    }
  }

  @Test
  void optionsReachTheEndpoint() {
    try (ScriptedChatServer server = ScriptedChatServer.start(Script.none());
        OpenAiChatModel model =
            OpenAiChatModel.builder(server.baseUrl() + "/", "tiny")
                .maxCompletionTokens(true)
                .prefill(Prefill.CONTINUE_FINAL_MESSAGE)
                .extraBody(Map.of("chat_template_kwargs", Map.of("enable_thinking", false)))
                .build()) {
      model.answer(
          new ChatRequest(
              Prompt.user("go").withResponse("{"),
              new Sampling(3, 0, 1, List.of("\n", "END")),
              -5,
              "{\"type\":\"object\",\"maxProperties\":2}"));
      assertNull(server.headers().get(0).get("Authorization"));
      assertEquals(
          JsonParser.parseString(
              "{'model':'tiny','messages':[{'role':'user','content':'go'},"
                  + "{'role':'assistant','content':'{'}],'max_completion_tokens':3,"
                  + "'temperature':0.0,'top_p':1.0,'seed':"
                  + OpenAiChatModel.seed(-5)
                  + ",'stop':['\\n','END'],'response_format':{'type':'json_schema',"
                  + "'json_schema':{'name':'answer','strict':true,"
                  + "'schema':{'type':'object','maxProperties':2}}},"
                  + "'continue_final_message':true,'add_generation_prompt':false,"
                  + "'chat_template_kwargs':{'enable_thinking':false}}"),
          server.bodies().get(0));
    }
  }

  @Test
  void namesDifferWhereAnswersMay() {
    OpenAiChatModel.Builder b = OpenAiChatModel.builder("http://localhost:1/v1", "tiny");
    assertEquals("tiny", b.build().name());
    String thinking = b.extraBody(Map.of("a", Map.of("x", 1, "y", 2, "z", 3))).build().name();
    assertTrue(thinking.matches("tiny\\+[0-9a-f]{8}"), thinking);
    // By SHA-256 of {"a":{"x":1,"y":2,"z":3}} and a zero byte; maps of the JDK change their order.
    assertEquals("tiny+3ea91f3d", thinking);
    assertNotEquals(thinking, b.extraBody(Map.of("a", 2)).build().name());
    assertEquals("tiny-int8", b.name("tiny-int8").build().name());
  }

  static Stream<Fault> passing() {
    return Stream.concat(
        Stream.of(Fault.passing()),
        Stream.of(
            Fault.status(502),
            Fault.status(408),
            Fault.of(ScriptedChatServer.Kind.SILENCE),
            Fault.of(ScriptedChatServer.Kind.TRICKLE)));
  }

  @ParameterizedTest
  @MethodSource("passing")
  void whatPassesIsTriedAgain(Fault fault) {
    try (ScriptedChatServer server = ScriptedChatServer.start(Script.first(fault));
        OpenAiChatModel model = builder(server).build()) {
      ChatAnswer answer = model.answer(REQUEST);
      assertEquals(2, server.triesAwaited(2));
      assertEquals(ScriptedChatServer.answer(server.bodies().get(0)), answer.text());
      assertEquals(1, model.retries());
    }
  }

  @ParameterizedTest
  @MethodSource("passing")
  void whatDoesNotPassIsGivenUp(Fault fault) {
    try (ScriptedChatServer server = ScriptedChatServer.start((key, attempt) -> fault);
        OpenAiChatModel model = builder(server).callTimeout(Duration.ofMillis(250)).build()) {
      long start = System.nanoTime();
      ChatException e = failure(model);
      assertEquals(Kind.TRANSIENT, e.kind());
      assertTrue(e.getMessage().contains("3 tries"), e.getMessage());
      assertTrue(System.nanoTime() - start < 5e9);
      assertEquals(3, server.triesAwaited(3));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "400,REQUEST",
    "401,CONFIGURATION",
    "403,CONFIGURATION",
    "404,CONFIGURATION",
    "409,REQUEST",
    "413,REQUEST",
    "422,REQUEST",
    "307,CONFIGURATION"
  })
  void otherStatusesAreNotTriedAgain(int status, Kind kind) {
    try (ScriptedChatServer elsewhere = ScriptedChatServer.start(Script.none());
        ScriptedChatServer server =
            ScriptedChatServer.start(
                (key, attempt) ->
                    Fault.status(status, "Location", elsewhere.baseUrl() + "/chat/completions"));
        OpenAiChatModel model = builder(server).build()) {
      ChatException e = failure(model);
      assertEquals(kind, e.kind());
      assertTrue(e.getMessage().contains("status " + status), e.getMessage());
      assertEquals(1, server.tries());
      assertEquals(0, elsewhere.tries());
    }
  }

  @Test
  void codesAreToldOfUnlessTheyQuote() {
    try (ScriptedChatServer server =
            ScriptedChatServer.start(
                Script.first(
                    Fault.error(400, "context_length_exceeded"), Fault.error(400, PRIVATE)));
        OpenAiChatModel model = builder(server).build()) {
      assertTrue(failure(model).getMessage().contains("code context_length_exceeded"));
      assertFalse(failure(model).getMessage().contains("code"));
    }
  }

  @Test
  void anExhaustedQuotaIsNotWaitedFor() {
    try (ScriptedChatServer server =
            ScriptedChatServer.start(Script.first(Fault.error(429, "insufficient_quota")));
        OpenAiChatModel model = builder(server).build()) {
      assertEquals(Kind.CONFIGURATION, failure(model).kind());
      assertEquals(1, server.tries());
    }
  }

  @Test
  void theWaitThatIsAskedForIsKept() {
    try (ScriptedChatServer server =
            ScriptedChatServer.start(Script.first(Fault.status(429, "Retry-After", "1")));
        OpenAiChatModel model = builder(server).build()) {
      long start = System.nanoTime();
      model.answer(REQUEST);
      assertTrue(System.nanoTime() - start > 1e9);
    }
    try (ScriptedChatServer server =
            ScriptedChatServer.start(Script.first(Fault.status(429, "Retry-After", "3600")));
        OpenAiChatModel model = builder(server).build()) {
      ChatException e = failure(model);
      assertEquals(Kind.TRANSIENT, e.kind());
      assertTrue(e.getMessage().contains("3600 s"), e.getMessage());
      assertEquals(1, server.tries());
    }
  }

  @Test
  void nobodyThereIsGivenUp() {
    ScriptedChatServer gone = ScriptedChatServer.start(Script.none());
    gone.close();
    try (OpenAiChatModel model = builder(gone).build()) {
      assertEquals(Kind.TRANSIENT, failure(model).kind());
      assertEquals(2, model.retries());
    }
  }

  @Test
  void anInterruptEndsACallAtOnce() throws Exception {
    try (ScriptedChatServer server =
            ScriptedChatServer.start(
                Script.first(
                    Fault.of(ScriptedChatServer.Kind.SILENCE),
                    Fault.status(429, "Retry-After", "30")));
        OpenAiChatModel model = builder(server).callTimeout(Duration.ofSeconds(40)).build()) {
      // In the call, then in the wait behind one.
      for (int round = 0; round < 2; round++) {
        List<Throwable> seen = new ArrayList<>();
        Thread thread =
            new Thread(
                () -> {
                  try {
                    model.answer(REQUEST);
                  } catch (CancelledException e) {
                    seen.add(Thread.currentThread().isInterrupted() ? e : new Error("no flag"));
                  }
                });
        thread.start();
        while (server.tries() <= round) {
          Thread.sleep(5);
        }
        Thread.sleep(100);
        thread.interrupt();
        thread.join(2000);
        assertEquals(
            List.of(CancelledException.class), seen.stream().map(Object::getClass).toList());
      }
    }
  }

  @Test
  void prefilledPromptsAreRefusedUnlessAskedFor() {
    try (ScriptedChatServer server = ScriptedChatServer.start(Script.none());
        OpenAiChatModel model = builder(server).build();
        OpenAiChatModel willing = builder(server).prefill(Prefill.AS_IS).build()) {
      ChatRequest request =
          ChatRequest.of(Prompt.user("a").withResponse("b"), Sampling.greedy(9), 0);
      ChatException e = assertThrows(ChatException.class, () -> model.answer(request));
      assertEquals(Kind.REQUEST, e.kind());
      assertEquals(0, server.tries());
      willing.answer(request);
      assertFalse(server.bodies().get(0).has("continue_final_message"));
    }
  }

  @Test
  void noMoreThanAllowedAskAtOnce() throws Exception {
    try (ScriptedChatServer server =
            ScriptedChatServer.start(
                0, Script.none(), ScriptedChatServer::answer, Duration.ofMillis(20));
        OpenAiChatModel model = builder(server).concurrency(3).build()) {
      ExecutorService threads = Executors.newFixedThreadPool(8);
      List<Future<ChatAnswer>> all = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        ChatRequest request = ChatRequest.of(Prompt.user("q"), Sampling.greedy(9), i);
        all.add(threads.submit(() -> model.answer(request)));
      }
      for (Future<ChatAnswer> f : all) {
        f.get();
      }
      threads.shutdown();
      assertEquals(3, server.mostAtOnce());
    }
  }

  @Test
  void ratesAreKept() {
    try (ScriptedChatServer server = ScriptedChatServer.start(Script.none());
        OpenAiChatModel requests = builder(server).requestsPerMinute(300).build();
        OpenAiChatModel tokens = builder(server).tokensPerMinute(30_000).build()) {
      for (OpenAiChatModel model : List.of(requests, tokens)) {
        long start = System.nanoTime();
        for (int i = 0; i < 4; i++) {
          model.answer(REQUEST);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        // Three spaces of 0.2 s; of 40 + (128 + 26 + 16) / 3 tokens at 500 a second.
        assertTrue(seconds > 0.55 && seconds < 3, seconds + " s");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:8000/v1",
    "ftp://host/v1",
    "http://user:pass@host/v1",
    "http://h/v1?key=x"
  })
  void addressesAreChecked(String url) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> OpenAiChatModel.builder(url, "m").build());
    assertFalse(e.getMessage().contains("pass") || e.getMessage().contains("key=x"));
    OpenAiChatModel.Builder broken = OpenAiChatModel.builder("http://h/v1", "m").apiKey("sk-a\nb");
    assertFalse(
        assertThrows(IllegalArgumentException.class, broken::build).getMessage().contains("sk-"));
    ChatException none =
        assertThrows(
            ChatException.class, () -> broken.apiKeyFromEnvironment("ALIGNMENT4J_NO_SUCH_KEY"));
    assertEquals(Kind.CONFIGURATION, none.kind());
  }

  /** Endpoints that count no tokens, end without a reason, or refuse in a field of its own. */
  @Test
  void bodiesOfOtherServersAreRead() throws Exception {
    List<String> bodies =
        List.of(
            "{'choices':[{'message':{'content':'a'}}]}",
            "{'choices':[{'message':{'content':null,'refusal':'no'},'finish_reason':'content_filter'}],"
                + "'usage':{'prompt_tokens':9223372036854775807,'completion_tokens':-1}}",
            "{'choices':[{'message':{'content':'','reasoning_content':'hm'},'finish_reason':'length'}],"
                + "'usage':{'prompt_tokens':3,'completion_tokens':4}}");
    AtomicInteger next = new AtomicInteger();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 8);
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          byte[] bytes =
              bodies
                  .get(next.getAndIncrement())
                  .replace('\'', '"')
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    try (OpenAiChatModel model =
        OpenAiChatModel.builder("http://127.0.0.1:" + server.getAddress().getPort(), "tiny")
            .build()) {
      long most = StoredRequests.promptTokenBound(REQUEST);
      assertEquals(new ChatAnswer("a", Finish.STOP, most, 40), model.answer(REQUEST));
      assertEquals(new ChatAnswer("no", Finish.FILTERED, most, 40), model.answer(REQUEST));
      assertEquals(new ChatAnswer("", Finish.LENGTH, 3, 4), model.answer(REQUEST));
    } finally {
      server.stop(0);
    }
  }
}
