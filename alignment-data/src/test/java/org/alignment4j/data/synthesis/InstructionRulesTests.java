package org.alignment4j.data.synthesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.alignment4j.data.synthesis.SynthesisSettings.InstructionRules;
import org.alignment4j.data.synthesis.SynthesisSettings.InstructionRules.Flaw;
import org.junit.jupiter.api.Test;

class InstructionRulesTests {
  private static Optional<Flaw> check(String instruction) {
    return InstructionRules.STANDARD.check(instruction, "the quick brown fox jumps over it");
  }

  private static String words(int count) {
    return IntStream.range(0, count).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
  }

  @Test
  void threeToAHundredAndFiftyWords() {
    assertEquals(Optional.of(Flaw.TOO_SHORT), check("Two words?!"));
    assertEquals(Optional.empty(), check("Write some words."));
    assertEquals(Optional.empty(), check(words(150)));
    assertEquals(Optional.of(Flaw.TOO_LONG), check(words(151)));
    assertEquals(Optional.of(Flaw.TOO_SHORT), check("!!! ??? ..."));
    assertEquals(Optional.of(Flaw.TOO_SHORT), check(""));
  }

  @Test
  void halfOfTheShorterTextIsTooMuch() {
    // Runs of 3 and of 4 words, of 7.
    assertEquals(Optional.empty(), check("write about the quick brown animal and the fox"));
    assertEquals(Optional.of(Flaw.COPIED), check("write about a Quick, brown fox jumps or so"));
    // 2 of the instruction's 4 words.
    assertEquals(Optional.of(Flaw.COPIED), check("say brown fox now"));
    assertEquals(Optional.empty(), new InstructionRules(1, 9, 1.1).check("brown fox", "brown fox"));
  }

  @Test
  void withoutWordsNothingIsCopied() {
    assertEquals(0, InstructionRules.copyRatio("", ""));
    assertEquals(0, InstructionRules.copyRatio("a b", "!"));
    assertEquals(1, InstructionRules.copyRatio("a b", "x A, b y"));
  }

  @Property(tries = 1000)
  void theRunIsTheLongestByDefinition(
      @ForAll @Size(max = 30) List<@IntRange(max = 3) Integer> a,
      @ForAll @Size(max = 30) List<@IntRange(max = 3) Integer> b) {
    int longest = 0;
    for (int i = 0; i < a.size(); i++) {
      for (int j = i + 1; j <= a.size(); j++) {
        if (Collections.indexOfSubList(b, a.subList(i, j)) >= 0) {
          longest = Math.max(longest, j - i);
        }
      }
    }
    int shorter = Math.min(a.size(), b.size());
    double expected = shorter == 0 ? 0 : (double) longest / shorter;
    assertEquals(expected, InstructionRules.copyRatio(text(a), text(b)));
    assertEquals(expected, InstructionRules.copyRatio(text(b), text(a)));
  }

  private static String text(List<Integer> words) {
    return words.stream().map(i -> "w" + i).collect(Collectors.joining(" "));
  }

  /** A table of all pairs of words would be 10^10 steps. */
  @Test
  void longTextsTakeLinearTime() {
    String repeated = "a b ".repeat(50_000);
    assertEquals(1, InstructionRules.copyRatio(repeated, repeated));
    assertEquals(
        0.01, InstructionRules.copyRatio(words(100_000), "x " + words(1000) + " " + repeated));
  }

  @Test
  void badArguments() {
    assertThrows(IllegalArgumentException.class, () -> new InstructionRules(0, 1, 0.5));
    assertThrows(IllegalArgumentException.class, () -> new InstructionRules(3, 2, 0.5));
    assertThrows(IllegalArgumentException.class, () -> new InstructionRules(3, 3, Double.NaN));
  }
}
