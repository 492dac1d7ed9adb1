package org.alignment4j.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class RougeLTests {
  @Test
  void lin2004() {
    // Lin (2004), section 2.3: "police kill the gunman" shares "police the gunman" with the
    // reference, "the gunman kill police" only "the gunman".
    String reference = "police killed the gunman";
    assertEquals(0.75, RougeL.of("police kill the gunman", reference).f1());
    assertEquals(0.5, RougeL.of("the gunman kill police", reference).f1());
  }

  @Test
  void wordsAreLettersAndDigits() {
    assertEquals(List.of("it", "s", "42", "na", "ve"), RougeL.words("It's 42, na\u00efve!"));
    assertEquals(0, RougeL.of("", "a").f1());
    assertEquals(0, RougeL.of("!", "!").f1());
  }

  @Property(tries = 200)
  void theCommonSubsequenceIsTheLongest(
      @ForAll @Size(max = 8) List<@CharRange(from = 'a', to = 'c') @StringLength(1) String> a,
      @ForAll @Size(max = 8) List<@CharRange(from = 'a', to = 'c') @StringLength(1) String> b) {
    RougeL found = RougeL.of(a, b);
    assertEquals(longest(a, b), found.common());
    assertEquals(found.common(), RougeL.of(b, a).common());
    assertEquals(found.precision(), RougeL.of(b, a).recall());
  }

  /** By its definition. */
  private static int longest(List<String> a, List<String> b) {
    if (a.isEmpty() || b.isEmpty()) {
      return 0;
    }
    List<String> restA = a.subList(1, a.size());
    List<String> restB = b.subList(1, b.size());
    return a.get(0).equals(b.get(0))
        ? 1 + longest(restA, restB)
        : Math.max(longest(restA, b), longest(a, restB));
  }
}
