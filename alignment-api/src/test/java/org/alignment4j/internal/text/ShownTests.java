package org.alignment4j.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.Test;

class ShownTests {
  @Property(tries = 300)
  void aValueIsOneShortLineOfVisibleText(
      @ForAll
          @Chars({'a', '\n', '\u001B', '\uD83D', '\uDE00', '\u202E', '\u0085'})
          @StringLength(max = 400)
          String text) {
    String shown = Shown.value(text);
    assertTrue(shown.codePoints().noneMatch(Shown::isHidden));
    assertTrue(
        shown.codePoints().noneMatch(c -> c >= 0xD800 && c <= 0xDFFF), "no half of a character");
    assertTrue(shown.length() <= 200 + 3, shown);
    assertTrue(text.length() <= 200 || shown.endsWith("..."), shown);
  }

  @Test
  void ordinaryTextStays() {
    String text = "résumé 你好 \uD83D\uDE00 \u200D";
    assertSame(text, Shown.value(text));
    assertEquals("'a\\nb\\u001B'", Shown.quoted("a\nb\u001B"));
    assertEquals("one\n\ttwo\\u0007", Shown.lines("one\n\ttwo\u0007"));
  }

  @Test
  void messagesOfAnySizeKeepTheirEnds() {
    String huge = "file.json: expected a number, found " + "9".repeat(10_000_000) + " in row 3";
    for (Exception e :
        new Exception[] {
          new CheckpointException(huge),
          new BadDataException(huge, null),
          assertThrows(
              IllegalArgumentException.class, () -> Arguments.require(false, "%s", (Object) huge))
        }) {
      String message = String.valueOf(e.getMessage());
      assertTrue(message.startsWith("file.json: expected a number, found 999"), message);
      assertTrue(message.endsWith("999 in row 3"), message);
      assertTrue(message.length() < 2600, () -> String.valueOf(message.length()));
    }
  }
}
