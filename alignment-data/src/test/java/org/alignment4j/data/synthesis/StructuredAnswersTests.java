package org.alignment4j.data.synthesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.data.testing.FakeChatModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class StructuredAnswersTests {
  private static int score(JsonObject o) {
    int score = o.get("score").getAsInt();
    if (score < 0 || score > 4) {
      throw new IllegalArgumentException("score must be 0 to 4, was " + score);
    }
    return score;
  }

  private static StructuredAnswers.Result<Integer> request(
      List<ChatRequest> seen, int retries, Finish finish, String... texts) {
    FakeChatModel model =
        new FakeChatModel(
            "fake",
            r -> {
              seen.add(r);
              return new ChatAnswer(texts[seen.size() - 1], finish, 1, 1);
            });
    try (RequestStore store = RequestStore.inMemory()) {
      return new StructuredAnswers<>(
              RequestLedger.over(store), model, "{}", StructuredAnswersTests::score, retries)
          .request(Prompt.user("how?"), Sampling.greedy(20), 4);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"score\": 3}",
        "```json\n{\"score\": 3}\n```",
        "Here it is: {\"score\": 3, \"why\": \"a } in \\\" text {\"} I hope it helps.",
        "<think>{\"score\": 1} or {\"score\": 2}?</think>{\"score\":3}",
        "{\"score\": 3} again: {\"score\": 3}",
        "a set {x} is no object; {\"score\": 3}",
      })
  void anObjectIsFoundInOtherText(String text) {
    StructuredAnswers.Result<Integer> result = request(new ArrayList<>(), 0, Finish.STOP, text);
    assertEquals(Optional.of(3), result.value(), result.failure());
    assertEquals("", result.failure());
    assertEquals(1, result.answers().size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "3",
        "[3]",
        "no object",
        "{\"score\": 3",
        "{\"score\": 3} or {\"score\": 2}",
        "{\"score\": 3, \"inner\": {\"score\": 2}",
        "{\"score\": 9}",
        "{\"score\": \"high\"}",
        "{\"score\": {}}",
        "{\"points\": 3}",
        "{'score': 3}",
        "{\"score\": 3,}",
      })
  void whatIsNoValueIsToldOf(String text) {
    StructuredAnswers.Result<Integer> result = request(new ArrayList<>(), 0, Finish.STOP, text);
    assertEquals(Optional.empty(), result.value());
    assertFalse(result.failure().isEmpty());
    assertFalse(result.toString().contains("score"), result.toString());
  }

  @Test
  void aBadAnswerGoesBackWithWhatIsWrongWithIt() {
    List<ChatRequest> seen = new ArrayList<>();
    StructuredAnswers.Result<Integer> result =
        request(seen, 2, Finish.STOP, "{\"score\": 7}", "", "{\"score\": 2}");
    assertEquals(Optional.of(2), result.value());
    assertEquals(3, result.answers().size());
    assertEquals(List.of(1, 3, 5), seen.stream().map(r -> r.prompt().messages().size()).toList());
    Prompt second = seen.get(1).prompt();
    assertEquals("how?", second.messages().get(0).text());
    assertEquals("{\"score\": 7}", second.messages().get(1).text());
    assertEquals(Role.USER, second.last().role());
    assertTrue(second.last().text().contains("score must be 0 to 4, was 7"));
    assertFalse(seen.get(2).prompt().messages().get(3).text().isEmpty());
    seen.forEach(r -> assertEquals("{}", r.schema()));
  }

  @Test
  void afterTheLastRetryTheFailureIsTheResult() {
    StructuredAnswers.Result<Integer> result =
        request(new ArrayList<>(), 1, Finish.LENGTH, "{\"score\"", "{\"score\": 3, \"why\": \"");
    assertEquals(Optional.empty(), result.value());
    assertEquals("it was cut off after 20 tokens", result.failure());
    assertEquals(2, result.answers().size());
  }

  @ParameterizedTest
  @EnumSource(
      value = Finish.class,
      names = {"FILTERED", "OTHER"})
  void whatDidNotComeToItsEndIsNoValue(Finish finish) {
    StructuredAnswers.Result<Integer> result =
        request(new ArrayList<>(), 0, finish, "{\"score\": 3}");
    assertEquals(Optional.empty(), result.value());
    assertEquals("it did not come to its end", result.failure());
  }

  @Test
  void failuresOfTheReaderItselfComeOut() {
    FakeChatModel model = new FakeChatModel("fake", r -> new ChatAnswer("{}", Finish.STOP, 1, 1));
    try (RequestStore store = RequestStore.inMemory()) {
      StructuredAnswers<String> answers =
          new StructuredAnswers<>(
              RequestLedger.over(store),
              model,
              "",
              o -> {
                throw new ArithmeticException();
              },
              3);
      Sampling sampling = Sampling.greedy(5);
      assertThrows(ArithmeticException.class, () -> answers.request(Prompt.user("a"), sampling, 0));
    }
  }

  /** Text without braces around an object changes nothing. */
  @Property(tries = 300)
  void textAroundAnObjectIsLeftOut(
      @ForAll String before, @ForAll String inside, @ForAll String after) {
    JsonObject o = new JsonObject();
    o.addProperty("text", inside);
    String text = plain(before) + o + plain(after);
    assertEquals(o, JsonText.object(text));
  }

  private static String plain(String text) {
    return text.replaceAll("[{}]|</think>", "");
  }
}
