package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class StopTextTests {
  @Test
  void whatMayBecomeAStopStringIsHeldBackAndComesOutWhenItDoesNot() {
    StopText text = new StopText(List.of("END", "EX"));
    assertEquals("go ", text.add("go E"));
    assertEquals("", text.add("N"));
    assertEquals("EN", text.add("E"));
    assertEquals("EA", text.add("A"));
    assertEquals("", text.add("E"));
    assertFalse(text.stopped());
    assertEquals("", text.add("X and more"));
    assertTrue(text.stopped());
    assertEquals("", text.add("x") + text.finish());
    assertEquals("go ENEA", text.text());
  }

  @Test
  void theEndBringsWhatWasHeldBack() {
    StopText text = new StopText(List.of("\n\n"));
    assertEquals("a", text.add("a\n"));
    assertEquals("\n", text.finish());
    assertFalse(text.stopped());
  }

  /** However the text is cut into pieces, it ends before the stop string that is complete first. */
  @Property(tries = 300)
  void piecesDoNotMatter(@ForAll long seed, @ForAll @IntRange(max = 3) int stops) {
    Random random = new Random(seed);
    List<String> list =
        random.ints(stops, 1, 5).mapToObj(n -> letters(random, n)).distinct().toList();
    String whole = letters(random, 30);
    int end = Integer.MAX_VALUE;
    int cut = whole.length();
    for (int e = 1; e <= whole.length() && end == Integer.MAX_VALUE; e++) {
      for (String stop : list) {
        if (whole.substring(0, e).endsWith(stop)) {
          end = e;
          cut = Math.min(cut, e - stop.length());
        }
      }
    }
    StopText text = new StopText(list);
    StringBuilder shown = new StringBuilder();
    for (int at = 0; at < whole.length(); ) {
      int n = Math.min(whole.length() - at, 1 + random.nextInt(6));
      shown.append(text.add(whole.substring(at, at + n)));
      assertTrue(whole.substring(0, cut).startsWith(shown.toString()));
      at += n;
    }
    shown.append(text.finish());
    assertEquals(whole.substring(0, cut), shown.toString());
    assertEquals(whole.substring(0, cut), text.text());
    assertEquals(end != Integer.MAX_VALUE, text.stopped());
  }

  private static String letters(Random random, int n) {
    StringBuilder text = new StringBuilder();
    random.ints(n, 'a', 'd').forEach(c -> text.append((char) c));
    return text.toString();
  }
}
