package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTests {
  private static JinjaTemplate read(String template) {
    return JinjaTemplate.read(template, Map.of("bos_token", "<s>"), "a.jinja");
  }

  /** What a template makes of one user message. */
  private static String render(String template, String text) {
    List<Message> messages = List.of(Message.user(text));
    TracedText rope = read(template).render(messages, true);
    return rope.text();
  }

  static List<JsonElement> language() {
    return JsonParser.parseString(ChatFixtures.resource("jinja-goldens.json"))
        .getAsJsonArray()
        .asList();
  }

  @ParameterizedTest
  @MethodSource("language")
  void runsJinjaAsPythonDoes(JsonElement golden) {
    String template = golden.getAsJsonObject().get("template").getAsString();
    JsonElement text = golden.getAsJsonObject().get("text");
    if (text.isJsonNull()) {
      assertThrows(AlignmentException.class, () -> render(template, "x"));
    } else {
      assertEquals(text.getAsString(), render(template, "x"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "{{ 'a' | trim(sides='b') }} ~ the filter trim with sides= is not supported",
        "{{ 'a' | upper(1) }} ~ the filter upper with 1 arguments is not supported",
        "{{ 'a'.split(on='b') }} ~ split with on= is not supported",
        "{{ 'a'.replace('a', 'b', count=1) }} ~ replace with count= is not supported",
        "{{ 'a'.startswith('a', start=0) }} ~ startswith with start= is not supported",
        "{{ [1] | tojson(default=1) }} ~ tojson with default= is not supported",
        "{{ [1] | select('odd', by=2) | list }} ~ a test with by= is not supported",
        "{{ 'a' | wordwrap(3) }} ~ the filter wordwrap is not supported",
        "{{ 'a'.swapcase() }} ~ the attribute swapcase of a text is not supported",
        "{{ 1 is sameas(1) }} ~ the test sameas of such values is not supported",
        "{{ range(3) }} ~ it writes a range as text",
      })
  void whatIsNotThereIsRefusedByName(String template, String reason) {
    AlignmentException e = assertThrows(AlignmentException.class, () -> render(template, "x"));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "{{ messages[0].content | trim }}           ~ `  a b \n`      ~ `a b`",
        "{{ messages[0]['content'].rstrip('\\n') }} ~ `  a b \n`      ~ `  a b `",
        "{{ (' ' + messages[0].content + ' ').strip() }} ~ ` a `      ~ `a`",
        "{{ ('- ' + messages[0].content).strip() }} ~ ` a `           ~ `-  a`",
        "{{ ('- ' + messages[0].content).strip() }} ~ `  `            ~ `-`",
        "{{ messages[0].content.replace('\\r\\n', '\\n') }} ~ `a\r\nb`    ~ `a\nb`",
        "{{ messages[0].content.replace('/think', '') }} ~ `a /think` ~ `a `",
        "{{ 'y' if messages[0].content else 'n' }}  ~ ``              ~ `n`",
        "{{ 'y' if messages[0].content else 'n' }}  ~ ` `             ~ `y`",
        "{{ 'y' if messages[0].content | trim else 'n' }} ~ ` `       ~ `n`",
        "{{ messages[0].content | length }}         ~ ` \n`           ~ `2`",
        "{{ messages[0].content | length > 0 }}     ~ `abc`           ~ `True`",
        "{{ messages[0].content == '' }}            ~ `abc`           ~ `False`",
        "{{ 'abc' in messages[0].content }}         ~ `abc`           ~ `True`",
        "{{ messages[0].content.startswith('a') }}  ~ `abc`           ~ `True`",
        "{{ messages[0].content.split('b')[-1] }}   ~ `abc`           ~ `c`",
        "{{ messages[0].content is string }}        ~ `abc`           ~ `True`",
        "{{ messages[0].content[0].type }}          ~ `abc`           ~ ``",
        "{% for c in messages[0].content %}{% if c.type %}{{ c }}{% endif %}{% endfor %} ~ `a` ~ ``",
      })
  void looksIntoMessagesAsPythonDoes(String template, String text, String rendered) {
    assertEquals(rendered, render(template, text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set n = namespace(s='abcdefgh') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
        "{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{{ 'ab' * 99999999999 }}",
        "{{ ('a' * 9999) | replace('a', 'b' * 9999) }}",
        "{% for a in range(99999) %}{{ 'a long line of many characters' }}{% endfor %}",
        "{% set x = 'a' * 999999 %}{% for a in range(99999) %}{{ x == x ~ 'b' }}{% endfor %}",
        "{% set x = 'ab' * 499999 %}{% for a in range(99999) %}{{ 'c' in x }}{% endfor %}",
        "{% set n = namespace(s=[1]) %}{% for i in range(99999) %}{% set n.s = [n.s] %}{% endfor %}{{ n.s | tojson }}",
        "{{ range(9999999999) | length }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ 1 // 0 }}",
        "{{ 1 / 0 }}",
        "{{ nothing.more }}",
        "{{ nothing() }}",
        "{{ nothing + 'a' }}",
        "{{ 'a' | nothing }}",
        "{{ 1 is nothing }}",
        "{{ 'a' + 1 }}",
        "{{ messages.append(1) }}",
        "{{ ''.__class__.__mro__ }}",
        "{% set a, b = [1] %}",
        "{% set a.b = 1 %}",
      })
  void endsWithOneClearErrorWhateverATemplateDoes(String template) {
    assertTimeoutPreemptively(
        Duration.ofSeconds(30),
        () -> {
          UnsupportedArchitectureException e =
              assertThrows(
                  UnsupportedArchitectureException.class, () -> render("\n" + template, "abc"));
          assertTrue(e.getMessage().contains("a.jinja cannot be run, line 2: "), e.getMessage());
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "{% if a % }                     ~ 2",
        "{% if a %}                      ~ 2",
        "{{ a                            ~ 2",
        "{{ 'a }}                        ~ 2",
        "{{ a b }}                       ~ 2",
        "{{ }}                           ~ 2",
        "{{ a[ }}                        ~ 2",
        "{{ a[] }}                       ~ 2",
        "{{ a.1.2 ? }}                   ~ 2",
        "{# a                            ~ 2",
        "{% raw %}                       ~ 2",
        "{% endif %}                     ~ 2",
        "{% include 'a' %}               ~ 2",
        "{% import 'a' as a %}           ~ 2",
        "{% break %}                     ~ 2",
        "{% for a b %}{% endfor %}       ~ 2",
        "{% set 1 = 2 %}                 ~ 2",
        "{{ 99999999999999999999 }}      ~ 2",
        "{{ '\\u00' }}                   ~ 2",
      })
  void aSyntaxErrorNamesFileAndLine(String template, int line) {
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> read("text\n" + template + "\n\n"));
    assertTrue(e.getMessage().contains("a.jinja, line " + line + ": "), e.getMessage());
  }

  @Test
  void deepNestingIsAnErrorNotACrash() {
    for (String template :
        List.of(
            "{{ " + "(".repeat(100_000) + " }}",
            "{{ " + "-".repeat(100_000) + "1 }}",
            "{{ " + "[".repeat(100_000) + " }}",
            "{{ a" + "[a".repeat(100_000) + " }}",
            "{% if a %}".repeat(100_000),
            "{% if a %}" + "{% elif a %}".repeat(100_000) + "{% endif %}")) {
      assertThrows(CheckpointException.class, () -> read(template));
    }
    String chain = "{{ 1" + " + 1".repeat(100_000) + " }}";
    assertThrows(AlignmentException.class, () -> render(chain, "x"));
    String negations = "{{ " + "not ".repeat(100_001) + "1 }}";
    assertEquals("False", render(negations, "x"));
  }

  @Test
  void raisedExceptionsRefuseTheConversation() {
    String template = "{{ raise_exception('Only for ' + messages[0].role + messages[0].content) }}";
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> render(template, "secret"));
    assertTrue(
        e.getMessage().contains("a.jinja rejects this conversation: Only for user..."),
        e.getMessage());
  }

  @Test
  void theDateStandsStillAndTemplatesWithAFallbackUseTheirs() {
    assertEquals(
        "26 Jul 2024, Friday 26.7.24",
        render("{{ strftime_now('%d %b %Y, %A %-d.%-m.%y') }}", "x"));
    assertEquals("none", render("{{ 'date' if strftime_now is defined else 'none' }}", "x"));
  }

  @Test
  void toolsAndDocumentsAreNone() {
    assertEquals("True True", render("{{ tools is none }} {{ documents is none }}", "x"));
  }
}
