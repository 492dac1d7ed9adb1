package org.alignment4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextHealthTests {
  @Test
  void silenceAndRepetitionAreCounted() {
    TextHealth health =
        TextHealth.of(
            List.of(
                "To stop a process, send it a signal with the kill command and wait until it ends.",
                "no no no no no no no no no no no no no no no no",
                "I will go to the to the to the to the to the to the to the to the to the shop",
                "Yes yes yes.", // too short to tell
                " ...\n"));
    assertEquals(new Rate(1, 5), health.empty());
    assertEquals(new Rate(2, 5), health.repetitive());
    assertEquals(new Rate(0, 0), TextHealth.of(List.of()).empty());
  }

  @Test
  void aListOfLikeLinesIsNoRepetition() {
    String list =
        "1. Buy a loaf of bread. 2. Buy a bag of rice. 3. Buy a tin of beans. 4. Buy a jar of jam.";
    assertEquals(0, TextHealth.of(List.of(list)).repetitive().k());
  }
}
