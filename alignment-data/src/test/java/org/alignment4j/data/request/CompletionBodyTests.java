package org.alignment4j.data.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionBodyTests {
  private static final String WHOLE =
      "{\"id\":7,\"object\":null,\"created\":1.5,\"model\":[],\"system_fingerprint\":{},"
          + "\"choices\":[{\"index\":0,\"logprobs\":{\"content\":[{\"logprob\":-Infinity,"
          + "\"top_logprobs\":[]}]},\"finish_reason\":\"stop\",\"stop_reason\":128009,"
          + "\"message\":{\"role\":\"assistant\",\"content\":\"f\\u00fcr \\ud83d\\ude00\","
          + "\"refusal\":null,\"reasoning_content\":\"hm\",\"tool_calls\":[],\"function_call\":null,"
          + "\"annotations\":[1]}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,"
          + "\"total_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":0}},\"error\":null}";

  private static CompletionBody read(String body) {
    try {
      return CompletionBody.read(
          new ByteArrayInputStream(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
    } catch (CompletionBody.Malformed e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void whatServersAddIsSkipped() {
    CompletionBody found = read(WHOLE);
    assertEquals("f\u00fcr \ud83d\ude00", found.text());
    assertEquals(Finish.STOP, found.finish(40));
    assertEquals(Optional.of(3L), found.promptTokens());
    assertEquals(Optional.of(4L), found.completionTokens());
    assertEquals(found, read("\ufeff \n" + WHOLE + "\n"));
  }

  /** Half a body is none, wherever it ends. */
  @Property(tries = 200)
  void halfABodyIsNone(@ForAll @IntRange(min = 0, max = 690) int length) {
    String half = WHOLE.substring(0, Math.min(length, WHOLE.length() - 1));
    assertThrows(IllegalArgumentException.class, () -> read(half));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "true",
        "hello",
        "<html></html>",
        "data: {'choices':[]}\n\ndata: [DONE]",
        "{}",
        "{'choices':null}",
        "{'choices':[]}",
        "{'choices':{}}",
        "{'choices':'a'}",
        "{'choices':[null]}",
        "{'choices':[7]}",
        "{'choices':[[]]}",
        "{'choices':[{}]}",
        "{'choices':[{'message':null}]}",
        "{'choices':[{'message':'a'}]}",
        "{'choices':[{'message':['a']}]}",
        "{'choices':[{'text':'an old completion'}]}",
        "{'choices':[{'delta':{'content':'a'}}]}",
        "{'choices':[{'message':{'content':7}}]}",
        "{'choices':[{'message':{'content':true}}]}",
        "{'choices':[{'message':{'content':{'text':'a'}}}]}",
        "{'choices':[{'message':{'content':[7]}}]}",
        "{'choices':[{'message':{'content':'a'}}],'error':{'code':502,'message':'upstream'}}",
        "{'error':{'code':502,'message':'upstream'}}",
        "{'error':'overloaded'}",
        "{'object':'error','message':'too long','code':40303}",
        "{'detail':'x'}",
        "{'choices':[{'message':{'content':'a'}}]}{}",
        "{'choices':[{'message':{'content':'a'}}]} and more"
      })
  void whatIsNoCompletionIsNone(String body) {
    assertThrows(IllegalArgumentException.class, () -> read(body));
  }

  @Test
  void bytesThatAreNoUtf8AreNone() {
    byte[] body = WHOLE.replace("hm", "\u0001").getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < body.length; i++) {
      if (body[i] == 1) {
        body[i] = (byte) 0xC0;
      }
    }
    assertThrows(
        CompletionBody.Malformed.class, () -> CompletionBody.read(new ByteArrayInputStream(body)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'content':'a'}|a",
        "{'content':null}|``",
        "{}|``",
        "{'content':null,'refusal':'no'}|no",
        "{'content':'a','refusal':'no'}|a",
        "{'content':'','refusal':null,'reasoning':'hm'}|``",
        "{'content':[]}|``",
        "{'content':['a','b']}|ab",
        "{'content':[{'type':'text','text':'a'},{'type':'text','text':'b'}]}|ab",
        "{'content':[{'type':'thinking','thinking':[{'type':'text','text':'hm'}]},{'type':'text','text':'b'}]}|b",
        "{'content':[{'type':'refusal','refusal':'no'}]}|no",
        "{'content':[{'type':'image_url','image_url':{}},{'text':'c'}]}|c",
        "{'content':'a','content':'b'}|b"
      })
  void contentIsReadInAllItsForms(String message, String text) {
    assertEquals(text, read("{'choices':[{'message':" + message + "}]}").text());
  }

  @Test
  void theFirstChoiceIsTheOneOfIndexZero() {
    String choice = "{'index':%s,'message':{'content':'%s'}}";
    String two = "{'choices':[" + choice + "," + choice + "]}";
    assertEquals("b", read(two.formatted("1", "a", "0", "b")).text());
    assertEquals("a", read(two.formatted("0", "a", "0", "b")).text());
    assertEquals("a", read(two.formatted("null", "a", "'x'", "b")).text());
    assertEquals("a", read(two.formatted("3", "a", "2", "b")).text());
  }

  @ParameterizedTest
  @CsvSource({
    "stop,STOP",
    "STOP,STOP",
    "eos,STOP",
    "eos_token,STOP",
    "end_turn,STOP",
    "stop_sequence,STOP",
    "COMPLETE,STOP",
    "length,LENGTH",
    "max_tokens,LENGTH",
    "MAX_TOKENS,LENGTH",
    "model_length,LENGTH",
    "content_filter,FILTERED",
    "SAFETY,FILTERED",
    "refusal,FILTERED",
    "tool_calls,OTHER",
    "function_call,OTHER",
    "abort,OTHER",
    "error,OTHER",
    "cancelled,OTHER",
    "insufficient_system_resource,OTHER",
    "pause_turn,OTHER",
    "who knows,OTHER"
  })
  void onlyAnEndOrACutIsAWholeAnswer(String reason, Finish finish) {
    CompletionBody found =
        read("{'choices':[{'message':{'content':'a'},'finish_reason':'" + reason + "'}]}");
    assertEquals(finish, found.finish(40));
    ChatAnswer answer = new ChatAnswer("a", finish, 0, 0);
    assertEquals(finish == Finish.STOP || finish == Finish.LENGTH, answer.usable());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "null|3|STOP",
        "''|3|STOP",
        "null|40|LENGTH",
        "null|41|LENGTH",
        "null|'40'|STOP",
        "7|3|OTHER",
        "true|3|OTHER",
        "{}|3|OTHER",
        "['stop']|3|OTHER"
      })
  void withoutAReasonTheCountDecides(String reason, String tokens, Finish finish) {
    String body =
        "{'choices':[{'message':{'content':'a'},'finish_reason':"
            + reason
            + "}],'usage':{'completion_tokens':"
            + tokens
            + "}}";
    assertEquals(finish, read(body).finish(40));
  }

  @Test
  void acallOfAToolIsNoAnswerWhateverItsReason() {
    for (String reason : new String[] {"'stop'", "null", "'length'"}) {
      String body =
          "{'choices':[{'finish_reason':%s,'message':{'content':'a','tool_calls':[{'id':'x'}]}}]}";
      assertEquals(Finish.OTHER, read(body.formatted(reason)).finish(40));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "[]",
        "'many'",
        "{}",
        "{'prompt_tokens':null}",
        "{'prompt_tokens':'3'}",
        "{'prompt_tokens':-3}",
        "{'prompt_tokens':3.5}",
        "{'prompt_tokens':NaN}",
        "{'prompt_tokens':Infinity}",
        "{'prompt_tokens':1e300}",
        "{'prompt_tokens':9223372036854775807}",
        "{'prompt_tokens':[3]}",
        "{'input_tokens':3}"
      })
  void whatIsNoCountIsNone(String usage) {
    assertEquals(
        Optional.empty(),
        read("{'choices':[{'message':{'content':'a'}}],'usage':" + usage + "}").promptTokens());
  }

  @Test
  void awholeFloatIsACount() {
    assertEquals(
        Optional.of(12L),
        read("{'choices':[{'message':{'content':'a'}}],'usage':{'prompt_tokens':12.0}}")
            .promptTokens());
  }
}
