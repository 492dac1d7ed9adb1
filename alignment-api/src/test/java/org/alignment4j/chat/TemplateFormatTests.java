package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.junit.jupiter.api.Test;

class TemplateFormatTests {
  private static TemplateFormat format(String template) {
    return new TemplateFormat(
        JinjaTemplate.read(template, Map.of("eos_token", "</s>"), "a.jinja"), List.of(), "");
  }

  private static String text(String template, Message... messages) {
    return format(template).write(List.of(messages), true).text();
  }

  @Test
  void aMessageThatTheTemplateLeavesOutIsLeftOut() {
    String template = "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}";
    assertEquals("q", text(template, Message.user("q")));
    assertEquals("q", text(template, Message.system(""), Message.user("q")));
    assertEquals("q", text(template, Message.system("s"), Message.user("q")));
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
}
