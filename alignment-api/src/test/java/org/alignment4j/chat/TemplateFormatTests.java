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

  private static boolean isLookedInto(Message message) {
    return message.text().contains("think>");
  }
}
