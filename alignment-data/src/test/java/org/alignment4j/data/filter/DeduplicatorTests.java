package org.alignment4j.data.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.alignment4j.data.filter.Deduplicator.Duplicate;
import org.alignment4j.internal.text.RougeL;
import org.alignment4j.synthesis.SourceText;
import org.junit.jupiter.api.Test;

class DeduplicatorTests {
  private static Optional<Duplicate> exact(String of) {
    return Optional.of(new Duplicate(of, Duplicate.Reason.EXACT, 1));
  }

  @Test
  void caseWhiteSpaceAndCompatibilityFormsAreNoDifference() {
    Deduplicator rows = Deduplicator.exact();
    assertEquals(Optional.empty(), rows.offer("a", "The Office \u00e9tage"));
    // Full width, a ligature, a combining accent, no-break space, a line break.
    assertEquals(exact("a"), rows.offer("b", " \uff34he  o\ufb03ce\u00a0\n E\u0301TAGE "));
    assertEquals(Optional.empty(), rows.offer("c", "The Office, \u00e9tage"));
    assertEquals(Optional.empty(), rows.offer("d", "TheOffice \u00e9tage"));
    assertEquals(3, rows.kept());
  }

  @Test
  void whatWasDroppedIsNeverRepeated() {
    Deduplicator rows = Deduplicator.exact().then(Deduplicator.rougeL(0.7));
    assertEquals(Optional.empty(), rows.offer("a", "one two three four five"));
    assertEquals(
        Optional.of(new Duplicate("a", Duplicate.Reason.ROUGE_L, 0.8)),
        rows.offer("b", "one two three four six"));
    // Equal to b, which is not kept: a is what it repeats.
    assertEquals("a", rows.offer("c", "one two three four six").orElseThrow().of());
    // As near to b as b is to a, but not to a.
    assertEquals(Optional.empty(), rows.offer("d", "seven two three four six"));
    assertEquals(exact("d"), rows.offer("e", "Seven two three four six"));
  }

  @Test
  void minHashDropsWhatIsNearAndKeepsWhatIsNot() {
    Deduplicator rows = Deduplicator.minHash(new MinHash(), 0.7);
    String text = words(new Random(1), 100, 5000);
    assertEquals(Optional.empty(), rows.offer(new SourceText("a", text, "", "", "")));
    Duplicate near = rows.offer("b", text + " and more").orElseThrow();
    assertEquals("a", near.of());
    assertEquals(Duplicate.Reason.MIN_HASH, near.reason());
    assertEquals(98 / 100.0, near.similarity(), 0.06);
    assertEquals(Optional.empty(), rows.offer("c", words(new Random(2), 100, 5000)));
    // The most similar of several is told.
    String other = words(new Random(3), 100, 5000);
    rows.offer("d", other.replaceFirst(" ", " x y z ").replaceFirst("(.{300}) ", "$1 q r s t u "));
    Duplicate nearest = rows.offer("e", text.replaceFirst(" ", " x ")).orElseThrow();
    assertEquals("a", nearest.of());
  }

  @Test
  void aThresholdOfZeroTakesEveryCollision() {
    MinHash loose = new MinHash(1, 50, 1, 3);
    Deduplicator rows = Deduplicator.minHash(loose, 0);
    assertEquals(Optional.empty(), rows.offer("a", "a b c d e f g h"));
    assertTrue(rows.offer("b", "a b c d w x y z").orElseThrow().similarity() < 0.6);
  }

  @Test
  void everyRowOfManyIsFoundAgain() {
    Deduplicator rows = Deduplicator.minHash(new MinHash(), 0.7);
    Random random = new Random(5);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      texts.add(words(random, 20, 20_000));
      assertEquals(Optional.empty(), rows.offer(Integer.toString(i), texts.get(i)));
    }
    for (int i = 0; i < 2000; i++) {
      Duplicate same = rows.offer("again", texts.get(i)).orElseThrow();
      assertEquals(Integer.toString(i), same.of());
      assertEquals(1, same.similarity());
    }
  }

  private static String words(Random random, int count, int vocabulary) {
    return random
        .ints(count, 0, vocabulary)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(" "));
  }

  @Provide
  Arbitrary<List<String>> likeTexts() {
    return Arbitraries.of("a", "b", "c", "d", "e", "f", "g", "h")
        .list()
        .ofMinSize(1)
        .ofMaxSize(12)
        .map(words -> String.join(" ", words))
        .list()
        .ofMinSize(1)
        .ofMaxSize(25);
  }

  /** Every comparison left out must be one that finds nothing. */
  @Property(tries = 500)
  void rougeLIsAllPairs(@ForAll("likeTexts") List<String> texts) {
    for (double threshold : new double[] {0, 0.4, 0.7, 0.95}) {
      Deduplicator rows = Deduplicator.rougeL(threshold);
      List<Integer> kept = new ArrayList<>();
      for (int i = 0; i < texts.size(); i++) {
        String text = texts.get(i);
        Optional<Duplicate> expected =
            kept.stream()
                .map(
                    j ->
                        new Duplicate(
                            Integer.toString(j),
                            Duplicate.Reason.ROUGE_L,
                            RougeL.of(text, texts.get(j)).f1()))
                .filter(duplicate -> duplicate.similarity() > threshold)
                .findFirst();
        assertEquals(expected, rows.offer(Integer.toString(i), text));
        if (expected.isEmpty()) {
          kept.add(i);
        }
      }
    }
  }

  @Test
  void wordsOfEveryScriptCount() {
    Deduplicator rows = Deduplicator.rougeL(0.7);
    assertEquals(Optional.empty(), rows.offer("zh", "\u6211\u4eca\u5929\u5f88\u9ad8\u5174"));
    assertTrue(rows.offer("zh2", "\u6211\u4eca\u5929\u5f88\u9ad8\u8208").isPresent());
    assertEquals(Optional.empty(), rows.offer("ru", "\u043f\u0440\u0438\u0432\u0435\u0442"));
    assertTrue(rows.offer("ru2", "\u041f\u0440\u0438\u0432\u0435\u0442!").isPresent());
    assertEquals(Optional.empty(), rows.offer("emoji", "\uD83D\uDE00"));
    assertEquals(Optional.empty(), rows.offer("emoji2", "\uD83D\uDE01"));
    assertTrue(rows.offer("emoji3", "\uD83D\uDE01").isPresent());
  }

  @Test
  void sigmasAreOneLetter() {
    Deduplicator rows = Deduplicator.exact();
    assertEquals(Optional.empty(), rows.offer("a", "\u03f9"));
    assertEquals(exact("a"), rows.offer("b", "\u03f2"));
    assertEquals(exact("a"), rows.offer("c", "\u03c2"));
    assertEquals(exact("a"), rows.offer("d", "\u03a3"));
  }

  @Property(tries = 200)
  void anyTextRepeatsItself(@ForAll String text) {
    for (Deduplicator rows :
        List.of(Deduplicator.exact(), Deduplicator.standard(), Deduplicator.rougeL(0.7))) {
      assertEquals(Optional.empty(), rows.offer("a", text));
      assertEquals("a", rows.offer("b", "  " + text.toLowerCase(Locale.ROOT)).orElseThrow().of());
    }
  }

  @Test
  void badArguments() {
    assertThrows(
        IllegalArgumentException.class, () -> Deduplicator.minHash(new MinHash(), Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Deduplicator.rougeL(1));
    Deduplicator used = Deduplicator.exact();
    used.offer("a", "a");
    assertThrows(IllegalArgumentException.class, () -> used.then(Deduplicator.exact()));
    assertThrows(IllegalArgumentException.class, () -> new MinHash(0, 14, 8, 0));
    assertThrows(IllegalArgumentException.class, () -> new MinHash(3, 1 << 16, 1 << 16, 0));
  }
}
