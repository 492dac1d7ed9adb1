package org.alignment4j.data.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.testing.RawServer;
import org.junit.jupiter.api.Test;

/** What is sent, and what it is stored under. */
class RequestBytesTests {
  private static final RawServer SERVER = RawServer.first();

  @AfterContainer
  static void close() {
    SERVER.close();
  }

  private static OpenAiChatModel.Builder builder() {
    return OpenAiChatModel.builder(SERVER.baseUrl(), "tiny");
  }

  private static String body(OpenAiChatModel model, ChatRequest request) {
    model.answer(request);
    List<String> all = SERVER.bodies();
    return all.get(all.size() - 1);
  }

  /** Equal requests are equal bytes under one key, whatever order maps were filled in. */
  @Property(tries = 10)
  void equalRequestsAreEqualBytes(
      @ForAll @Size(max = 6) Map<String, Integer> extra,
      @ForAll String text,
      @ForAll @DoubleRange(min = 0, max = 2) double temperature,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 100_000) int maxTokens) {
    Set<String> bodies = new HashSet<>();
    Set<String> keys = new HashSet<>();
    for (int order = 0; order < 3; order++) {
      Map<String, Object> filled = new LinkedHashMap<>();
      List<String> names = new ArrayList<>(extra.keySet());
      Collections.shuffle(names, new Random(order));
      names.forEach(name -> filled.put(name, extra.get(name)));
      ChatRequest request =
          new ChatRequest(
              Prompt.user(text),
              new Sampling(maxTokens, temperature, 1, List.of()),
              seed,
              "{\"type\":\"object\"}");
      try (OpenAiChatModel model =
          builder()
              .extraBody(Map.of("inner", filled))
              // Neither key nor address are part of what is asked.
              .apiKey("key" + order)
              .build()) {
        bodies.add(body(model, request));
        keys.add(request.key(model));
      }
    }
    assertEquals(1, bodies.size(), bodies.toString());
    assertEquals(1, keys.size());
  }

  /** What differs in the body differs in the key. */
  @Test
  void otherRequestsAreOtherBytesUnderOtherKeys() {
    ChatRequest one = ChatRequest.of(Prompt.user("a"), Sampling.of(9, 0.5, 0.9), 1);
    Prompt a = one.prompt();
    Sampling s = one.sampling();
    List<ChatRequest> all =
        List.of(
            one,
            new ChatRequest(Prompt.user("b"), s, 1, ""),
            new ChatRequest(a.withSystem("a"), s, 1, ""),
            new ChatRequest(a, Sampling.of(8, 0.5, 0.9), 1, ""),
            new ChatRequest(a, Sampling.of(9, 0.6, 0.9), 1, ""),
            new ChatRequest(a, Sampling.of(9, 0.5, 0.8), 1, ""),
            new ChatRequest(a, new Sampling(9, 0.5, 0.9, List.of("x")), 1, ""),
            new ChatRequest(a, s, 2, ""),
            new ChatRequest(a, s, 1, "{}"));
    Set<String> bodies = new HashSet<>();
    Set<String> keys = new HashSet<>();
    try (OpenAiChatModel plain = builder().build();
        OpenAiChatModel more = builder().extraBody(Map.of("x", 1)).build();
        OpenAiChatModel other = builder().extraBody(Collections.singletonMap("x", null)).build()) {
      for (ChatRequest request : all) {
        for (OpenAiChatModel model : List.of(plain, more, other)) {
          bodies.add(body(model, request));
          keys.add(request.key(model));
        }
      }
      // No temperature is less than none.
      ChatRequest zero = ChatRequest.of(a, Sampling.of(9, 0.0, 1), 1);
      ChatRequest minus = ChatRequest.of(a, Sampling.of(9, -0.0, 1), 1);
      assertEquals(body(plain, zero), body(plain, minus));
      assertEquals(zero.key(plain), minus.key(plain));
    }
    assertEquals(3 * all.size(), bodies.size());
    assertEquals(3 * all.size(), keys.size());
  }

  @Test
  void whatJsonHasNotIsRefused() {
    for (Object value :
        List.of(
            Set.of("a"),
            Double.NaN,
            Float.POSITIVE_INFINITY,
            'c',
            new int[] {1},
            new AtomicInteger(1),
            Thread.State.NEW,
            Map.of(1, 2),
            List.of(Map.of("deep", Set.of())))) {
      assertThrows(IllegalArgumentException.class, () -> builder().extraBody(Map.of("key", value)));
    }
    for (String own : List.of("model", "messages", "stream")) {
      assertThrows(IllegalArgumentException.class, () -> builder().extraBody(Map.of(own, true)));
    }
  }
}
