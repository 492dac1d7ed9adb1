package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.alignment4j.chat.Prompt;
import org.junit.jupiter.api.Test;

class ContrastPairsTests {
  private static String text(Prompt prompt) {
    return prompt.last().text();
  }

  @Test
  void allPromptsDiffer() {
    ContrastPairs all = ContrastPairs.generate(ContrastPairs.available(), 1);
    Set<Prompt> prompts = new HashSet<>();
    Stream.concat(all.harmless().stream(), all.harmful().stream())
        .forEach(p -> assertTrue(prompts.add(p), text(p)));
    assertEquals(2 * ContrastPairs.available(), prompts.size());
  }

  /** The words around the object are the same: form and verb, five words or more. */
  @Test
  void aPairHasTheSameWordsButForItsObject() {
    ContrastPairs all = ContrastPairs.generate(ContrastPairs.available(), 2);
    for (int i = 0; i < all.harmless().size(); i++) {
      String[] a = text(all.harmless().get(i)).split(" ", -1);
      String[] b = text(all.harmful().get(i)).split(" ", -1);
      int same = Arrays.mismatch(a, b);
      assertTrue(same >= 4, text(all.harmless().get(i)) + " / " + text(all.harmful().get(i)));
    }
  }

  @Test
  void theSeedDecides() {
    assertEquals(ContrastPairs.generate(20, 5), ContrastPairs.generate(20, 5));
    assertTrue(!ContrastPairs.generate(20, 5).equals(ContrastPairs.generate(20, 6)));
    int all = ContrastPairs.available();
    assertThrows(IllegalArgumentException.class, () -> ContrastPairs.generate(0, 1));
    assertThrows(IllegalArgumentException.class, () -> ContrastPairs.generate(all + 1, 1));
  }
}
