package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.ChatFixtures.Case;
import org.alignment4j.chat.ChatFixtures.Golden;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TemplateFormatTests {
  static List<Golden> knownFamilies() {
    return ChatFixtures.knownFamilies();
  }

  private static TemplateFormat format(Golden golden) {
    Map<String, String> special = new LinkedHashMap<>();
    special.put("bos_token", golden.bos());
    special.put("eos_token", golden.eos());
    special.values().removeIf(String::isEmpty);
    JinjaTemplate template = JinjaTemplate.read(golden.template(), special, "config.json");
    return new TemplateFormat(template, List.of(), "");
  }

  @ParameterizedTest
  @MethodSource("knownFamilies")
  void rendersTheTemplatesOfKnownFamiliesAsPythonDoes(Golden golden) {
    TemplateFormat format = format(golden);
    List<Case> cases =
        golden.cases().stream()
            .filter(c -> c.prompt().messages().stream().noneMatch(m -> isLookedInto(m)))
            .toList();
    assertTrue(cases.size() >= 32);
    assertAll(cases.stream().map(c -> textOf(format, c)));
  }

  private static Executable textOf(TemplateFormat format, Case golden) {
    List<Message> messages = golden.prompt().messages();
    Executable writes = () -> format.write(messages, golden.generation());
    String text = golden.text();
    if (text == null) {
      return () -> assertThrows(IllegalArgumentException.class, writes);
    }
    if (!text.contains(PythonText.strip(messages.get(0).text()))) {
      // Mistral's newer templates silently drop a system message when an answer is last.
      return () -> assertThrows(UnsupportedArchitectureException.class, writes);
    }
    return () -> assertEquals(text, format.write(messages, golden.generation()).text());
  }

  private static TemplateFormat format(String template) {
    return new TemplateFormat(
        JinjaTemplate.read(template, Map.of("eos_token", "</s>"), "a.jinja"), List.of(), "");
  }

  private static String text(String template, Message... messages) {
    return format(template).write(List.of(messages), true).text();
  }

  @Test
  void aTemplateThatLeavesAMessageOutFailsByName() {
    String template = "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}";
    assertEquals("q", text(template, Message.user("q")));
    assertEquals("q", text(template, Message.system(""), Message.user("q")));
    UnsupportedArchitectureException e =
        assertThrows(
            UnsupportedArchitectureException.class,
            () -> text(template, Message.system("s"), Message.user("q")));
    assertTrue(
        e.getMessage().contains("a.jinja leaves out the SYSTEM message, number 1 of 2"),
        e.getMessage());
  }

  @Test
  void aMessageMayBeWrittenTwice() {
    String template = "{% for m in messages %}{{ m.content | trim }}/{{ m.content }};{% endfor %}";
    assertEquals("q/ q ;", text(template, Message.user(" q ")));
  }

  @Test
  void nothingOfAMessageIsRunAsATemplate() {
    String template = "{% for m in messages %}{{ m.content }}{% endfor %}{{ messages[0].content }}";
    String hostile = "{{ eos_token }}{% raw %}{# 0 #}\uE000";
    assertEquals(hostile + hostile, text(template, Message.user(hostile)));
  }

  @Test
  void theResponseBeginsBehindWhatOpensTheTurn() {
    String header = "{% for m in messages %}<{{ m.role }}>\n";
    String thinking = header + "{{ m.content }}|{% endfor %}";
    List<Message> messages = List.of(Message.user("q"), Message.assistant("a"));
    for (String opening : List.of("", "<assistant>\n", "<assistant>\n<think>\n")) {
      Script script =
          format(thinking + "{% if add_generation_prompt %}" + opening + "{% endif %}")
              .write(messages, false);
      StringBuilder response = new StringBuilder();
      script
          .pieces()
          .subList(script.responsePiece(), script.pieces().size())
          .forEach(piece -> response.append(piece.text()));
      assertEquals(opening.isEmpty() ? "<assistant>\na|" : "a|", response.toString());
    }
  }

  @Test
  void anEmptyResponseThatTheTemplateLeavesOutStaysOpen() {
    Script script =
        format(
                "{% for m in messages %}<{{ m.role }}>{% if m.content %}{{ m.content }}{% endif %}"
                    + "|{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}")
            .write(List.of(Message.user("q"), Message.assistant("")), false);
    assertEquals("<user>q|<assistant>", script.leftOpen().text());
    assertEquals("<user>q|<assistant>|", script.text());
  }

  @Test
  void anAnswerThatIsNotTheLastMessageWrittenIsRefused() {
    String template =
        "{% for m in messages[::-1] %}{{ m.content }}{% endfor %}{{ messages[0].content }}";
    assertThrows(
        UnsupportedArchitectureException.class,
        () -> text(template, Message.user("q"), Message.assistant("a")));
  }

  private static boolean isLookedInto(Message message) {
    return message.text().contains("think>");
  }
}
