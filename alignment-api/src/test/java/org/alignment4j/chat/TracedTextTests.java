package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.alignment4j.chat.TracedText.Part;
import org.alignment4j.core.UnsupportedArchitectureException;

/** Characters keep their origin, whatever a template does to a text. */
class TracedTextTests {
  /** What templates do to a text {@code t}; their own letters are Latin, messages' Greek. */
  private static final List<String> STEPS =
      List.of(
          "t.strip()",
          "t.lstrip('\\nα')",
          "t.rstrip()",
          "t[1:]",
          "t[:-2]",
          "t[::-1]",
          "t[0] ~ t",
          "t.split('β')[-1]",
          "t.split()[0] | default('d')",
          "t.split('γ') | join('-')",
          "t.split('\\n', 1) | last",
          "t.replace('α', '<x>')",
          "t.replace('', 'z')",
          "t | replace('<', '=')",
          "t | upper",
          "t | lower",
          "t | title",
          "t.capitalize()",
          "t | tojson",
          "t | list | join",
          "t | trim",
          "'<' + t + '>'",
          "t ~ messages[1].content",
          "{t: 1} | list | first",
          "({t: 1}.items() | list)[0][0]",
          "dict(a=t).a",
          "t | string | default('d')",
          "[t, t] | first",
          "t if 'α' in t else t + 'n'");

  @Provide
  Arbitrary<List<String>> steps() {
    return Arbitraries.of(STEPS).list().ofMaxSize(6);
  }

  @Provide
  Arbitrary<String> said() {
    return Arbitraries.of("α", "β", "γ", "δ", " ", "Σ", "ς", "\n", "\t", "𝛼")
        .list()
        .ofMaxSize(10)
        .map(parts -> String.join("", parts));
  }

  @Property(tries = 500)
  void whatAMessageSaysStaysTheMessages(
      @ForAll("steps") List<String> steps, @ForAll("said") String a, @ForAll("said") String b) {
    StringBuilder template = new StringBuilder("{% set t = messages[0].content %}");
    steps.forEach(step -> template.append("{% set t = ").append(step).append(" %}"));
    JinjaTemplate read = JinjaTemplate.read(template + "<a>{{ t }}<b>", Map.of(), "a.jinja");
    TracedText text;
    try {
      text = read.render(List.of(Message.user(a), Message.assistant(b)), false);
    } catch (UnsupportedArchitectureException e) {
      return; // such as an element of nothing
    }
    StringBuilder all = new StringBuilder();
    for (Part part : text.parts()) {
      all.append(part.text());
      if (part.isTemplate()) {
        assertTrue(
            part.text().chars().noneMatch(TracedTextTests::isGreek), () -> text + " " + template);
      }
    }
    assertEquals(all.toString(), text.text());
  }

  private static boolean isGreek(int c) {
    return c >= 0x370 && c < 0x400 || Character.isSurrogate((char) c);
  }
}
