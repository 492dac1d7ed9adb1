package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Auroc;
import org.junit.jupiter.api.Test;

class BagOfWordsTests {
  @Test
  void agreesWithScikitLearn() {
    // MultinomialNB(alpha=1, fit_prior=False) on CountVectorizer(binary=True), scikit-learn 1.9.1
    BagOfWords fit =
        BagOfWords.fit(
            List.of("How do I kill a man?", "Kill him now!", "Steal the car, kill", "how to steal"),
            List.of("How do I kill a process?", "Bake a cake", "the weather to-day", "Car wash"));
    assertArrayEquals(
        new double[] {-0.08955888944904444, -1.1881711781171536, 0, 0, 1.0687593255184282},
        fit.logOdds(
            List.of(
                "kill the process", "Bake me a car", "unknown tokens", "", "steal Steal STEAL")),
        1e-12);
  }

  @Test
  void wordsAreRunsOfLettersMarksAndDigitsAndCharactersWhereThereAreNoSpaces() {
    assertEquals(Set.of("don", "t", "re2"), BagOfWords.words("Don't  RE2, don..."));
    assertEquals(Set.of("हिन्दी"), BagOfWords.words("हिन्दी"));
    assertEquals(Set.of("杀", "进", "程", "python"), BagOfWords.words("杀Python进程"));
    assertEquals(Set.of(), BagOfWords.words(" -- "));
  }

  @Test
  void wordingThatGivesTheKindAwayIsTold() {
    List<String> verbs = List.of("kill", "rob", "hit", "burn", "crash");
    List<String> frames = List.of("%s one", "%s two", "%s three", "%s four");
    List<String> pleading = all(frames, verbs, "please ");
    List<String> plain = all(frames, verbs, "");
    Auroc told = BagOfWords.heldOut(pleading, plain);
    assertEquals(1, told.estimate());
    assertTrue(told.lo() > 0.85, told::toString);
    // The same words in another order.
    Auroc same =
        BagOfWords.heldOut(
            plain, IntStream.range(0, 20).mapToObj(i -> turned(plain.get(i))).toList());
    assertTrue(same.lo() <= 0.5 && same.hi() >= 0.5, same::toString);
  }

  private static List<String> all(List<String> frames, List<String> verbs, String before) {
    return frames.stream()
        .flatMap(f -> verbs.stream().map(v -> before + String.format(f, v)))
        .toList();
  }

  private static String turned(String text) {
    String[] words = text.split(" ");
    return words[1] + " " + words[0];
  }

  @Test
  void tooFewTextsAreNotMeasured() {
    assertTrue(Double.isNaN(BagOfWords.heldOut(List.of("a", "a"), List.of("b", "c")).estimate()));
    assertThrows(IllegalArgumentException.class, () -> BagOfWords.fit(List.of(), List.of("b")));
  }
}
