package org.alignment4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class WordSetsTests {
  @Test
  void caseAndPunctuationDoNotCount() {
    assertEquals(1, WordSets.jaccard("Don't stop, now!", "dont STOP now"));
    assertEquals(0.5, WordSets.jaccard("a b c", "b c d"));
    assertEquals(0, WordSets.jaccard("a b", "c d"));
  }

  @Test
  void theKinderReadingOfAHyphenCounts() {
    assertEquals(1, WordSets.jaccard("step-by-step guide", "step by step guide"));
    assertEquals(1, WordSets.jaccard("step-by-step guide", "stepbystep guide"));
  }

  @Test
  void nearestIsTheBestOfAllAndEmptyTextsAreNearNothing() {
    WordSets sets = new WordSets();
    sets.add("how do I bake bread");
    sets.add("bake bread");
    sets.add("?!");
    assertEquals(1, sets.nearest("Bread, bake!"));
    assertTrue(sets.nearest("how do I bake") > 0.79);
    assertEquals(0, sets.nearest("..."));
  }
}
