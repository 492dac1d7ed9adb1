package org.alignment4j.data.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointErrorTests {
  private static String describe(int status, String body, String... texts) {
    return EndpointError.of(status, body.getBytes(StandardCharsets.UTF_8), name -> List.of())
        .describe(List.of(texts), "sk-very1SecretKey123");
  }

  /** Bodies as llama.cpp, vLLM, FastAPI, Ollama, Gemini, Azure, TGI, proxies and nobody sends. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":\"unavailable_error\"}}|, type unavailable_error, code 503: Loading model",
        "{\"error\":{\"code\":\"a_b\",\"message\":\"m\"}}|, code a_b: m",
        "{\"error\":{\"code\":503.5,\"message\":\"m\"}}|: m",
        "{\"error\":{\"code\":true,\"type\":false,\"message\":\"m\"}}|, type false, code true: m",
        "{\"error\":{\"code\":null,\"type\":null,\"message\":null}}|``",
        "{\"error\":{\"code\":{\"a\":1},\"type\":[1],\"message\":[\"m\"]}}|``",
        "{\"error\":{}}|``",
        "{\"error\":null}|``",
        "{\"error\":\"model not found\"}|: model not found",
        "{\"error\":7}|``",
        "{\"error\":[{\"message\":\"first\",\"code\":1},{\"message\":\"second\"}]}|, code 1: first",
        "{\"errors\":[{\"title\":\"t\",\"code\":9}]}|, code 9: t",
        "{\"object\":\"error\",\"message\":\"too long\",\"type\":\"BadRequestError\",\"param\":null,\"code\":40303}|, type BadRequestError, code 40303: too long",
        "{\"detail\":\"Not Found\"}|: Not Found",
        "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"messages\"],\"msg\":\"Field required\",\"input\":null}]}|, type missing: Field required",
        "{\"detail\":{\"error\":\"deep\"}}|: deep",
        "[{\"error\":{\"code\":429,\"message\":\"quota\",\"status\":\"RESOURCE_EXHAUSTED\"}}]|, code 429: quota",
        "{\"error\":\"Model is overloaded\",\"error_type\":\"overloaded\"}|: Model is overloaded",
        "upstream connect error|: upstream connect error",
        "\"text\"|: text",
        "<html><body>502 Bad Gateway</body></html>|``",
        "{\"error\":{\"message\":\"half|: {\"error\":{\"message\":\"half",
        "[]|``",
        "{}|``",
        "null|``",
        "17|``",
        "`  `|``"
      })
  void bodiesOfAnyFormAreRead(String body, String rest) {
    assertEquals("status 503" + rest, describe(503, body));
  }

  /** Whatever comes, a status is a status, on one line and not longer than people read. */
  @Property(tries = 300)
  void noBytesGoWrong(@ForAll @Size(max = 400) byte[] bytes) {
    String text = EndpointError.of(500, bytes, name -> List.of()).describe(List.of(), "");
    assertTrue(text.startsWith("status 500"));
    assertTrue(text.length() < 400, text);
    assertTrue(text.chars().noneMatch(Character::isISOControl), text);
  }

  @Test
  void deepAndLongBodiesAreCut() {
    assertEquals("status 500: " + "[".repeat(200) + "...", describe(500, "[".repeat(60_000)));
    assertEquals(
        "status 500: " + "x".repeat(200) + "...",
        describe(500, "{\"error\":\"" + "x".repeat(1000) + "\"}"));
    String nested = "{\"error\":".repeat(200) + "\"deep\"" + "}".repeat(200);
    assertTrue(describe(500, nested).startsWith("status 500"));
  }

  @Test
  void whatWouldMoveATerminalsCursorIsEscaped() {
    assertEquals(
        "status 500: a\\u001b[2Jb\\u000ac\\u202ed\\u{e0001}e\\u2028f",
        describe(500, "{\"error\":\"a\\u001b[2Jb\\nc\\u202ed\\udb40\\udc01e\\u2028f\"}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cannot answer 'My patient is Mr Smith'",
        "my PATIENT is...",
        "{\\\"content\\\":\\\"My patient\\\\nis Mr\\\"}",
        "My&nbsp;patient is"
      })
  void aMessageThatQuotesTheRequestIsLeftOut(String message) {
    String body = "{\"error\":{\"code\":400,\"message\":\"" + message + "\"}}";
    assertEquals("status 400, code 400", describe(400, body, "be kind", "My patient is Mr Smith"));
    assertFalse(describe(400, body, "other things").equals("status 400, code 400"));
  }

  @Test
  void theKeyIsNeverTold() {
    String body = "{\"error\":{\"message\":\"Incorrect API key provided: sk-very1****y123.\"}}";
    assertEquals("status 401", describe(401, body));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      value = {
        "5,5000",
        "0,0",
        "0.25,250",
        "0.0001,1",
        "' 7 ',7000",
        "007,7000",
        "-5,none",
        "+5,none",
        "5s,none",
        "1e3,none",
        "NaN,none",
        "'5, 6',none",
        "'',none",
        "soon,none",
        "99999999999999999999999,3153600000000",
        "'Fri, 31 Dec 9999 23:59:59 GMT',3153600000000",
        "'Wed, 21 Oct 2015 07:28:00 GMT',0",
        "'Sunday, 06-Nov-94 08:49:37 GMT',0",
        "'Sun Nov  6 08:49:37 1994',0",
        "'Fri, 31 Dec 99999 23:59:59 GMT',3153600000000",
        "'Fri, 32 Dec 2030 23:59:59 GMT',none"
      })
  void retryAfterIsReadWithinBounds(String value, @Nullable Long millis) {
    Duration found =
        EndpointError.of(
                429, new byte[0], n -> n.equals("retry-after") ? List.of(value) : List.of())
            .retryAfter();
    assertEquals(millis == null ? null : Duration.ofMillis(millis), found);
  }

  @Test
  void datesToComeAreWaitedForInAllTheirForms() {
    ZonedDateTime then = ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(100);
    for (String form :
        List.of("EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'")) {
      String date = then.format(DateTimeFormatter.ofPattern(form, Locale.ENGLISH));
      Duration wait = EndpointError.of(429, new byte[0], n -> List.of(date)).retryAfter();
      assertTrue(wait != null && wait.toSeconds() > 80 && wait.toSeconds() <= 100, date);
    }
  }

  @Test
  void ofSeveralWaitsTheLongestHoldsAndMillisecondsBeforeSeconds() {
    assertEquals(Duration.ofSeconds(9), wait(List.of("3", "x", "9", "5"), List.of()));
    assertEquals(Duration.ofMillis(20), wait(List.of("3"), List.of("20")));
    assertEquals(Duration.ofMillis(2), wait(List.of("3"), List.of("1.5")));
    assertEquals(Duration.ofSeconds(3), wait(List.of("3"), List.of("-1")));
    assertNull(wait(List.of(), List.of()));
  }

  private static @Nullable Duration wait(List<String> seconds, List<String> millis) {
    return EndpointError.of(429, new byte[0], name -> name.endsWith("-ms") ? millis : seconds)
        .retryAfter();
  }

  @Test
  void anExhaustedQuotaIsKnownByItsWord() {
    for (String body :
        Arrays.asList(
            "{\"error\":{\"type\":\"insufficient_quota\",\"code\":null}}",
            "{\"error\":{\"code\":\"insufficient_quota\"}}")) {
      assertTrue(
          EndpointError.of(429, body.getBytes(StandardCharsets.UTF_8), n -> List.of()).exhausted());
    }
    assertTrue(EndpointError.of(402, new byte[0], n -> List.of()).exhausted());
    assertFalse(EndpointError.of(429, new byte[0], n -> List.of()).exhausted());
  }
}
