package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.data.Prompts.PromptRow.Label;
import org.alignment4j.data.Prompts.Split;
import org.junit.jupiter.api.Test;

class PromptSplitTests {
  private static final Path DATA = Path.of(System.getProperty("alignment4j.shared", ""), "data");

  /** 10 safe types of 25 and 8 unsafe contrasts of 25, interleaved, ids from 1. */
  private static List<PromptRow> likeXsTest() {
    List<PromptRow> rows = new ArrayList<>();
    for (int i = 0; i < 450; i++) {
      int type = i % 18;
      rows.add(
          new PromptRow(
              "v2-" + (i + 1),
              "prompt " + i,
              type < 10 ? "type_" + type : "contrast_" + type,
              type < 10 ? Label.SAFE : Label.UNSAFE));
    }
    return rows;
  }

  private static List<Integer> ids(List<PromptRow> rows) {
    return rows.stream().map(row -> Integer.parseInt(row.id().replace("v2-", ""))).toList();
  }

  @Test
  void theTenLowestIdsOfEachSafeTypeAreForTuning() {
    Split split = Split.xsTest(likeXsTest());
    assertEquals(100, split.tuning().size());
    assertEquals(150, split.heldOut().size());
    assertEquals(200, split.contrast().size());
    // The first ten of every type lie in the first ten rounds of 18.
    assertTrue(ids(split.tuning()).stream().allMatch(id -> id <= 180));
    assertTrue(ids(split.heldOut()).stream().allMatch(id -> id > 180));
  }

  @Test
  void theUnsafeHalfIsSplitLikeTheSafeOne() {
    List<PromptRow> rows = likeXsTest();
    Split split = Split.xsTestContrast(rows);
    assertEquals(80, split.tuning().size());
    assertEquals(120, split.heldOut().size());
    assertEquals(250, split.contrast().size());
    assertTrue(split.tuning().stream().allMatch(row -> row.label() == Label.UNSAFE));
    assertTrue(ids(split.tuning()).stream().allMatch(id -> id <= 180));
    assertTrue(ids(split.heldOut()).stream().allMatch(id -> id > 180));
    assertThrows(BadDataException.class, () -> Split.xsTestContrast(rows.subList(0, 100)));
    assertThrows(BadDataException.class, () -> Split.xsTestContrast(List.of()));
  }

  @Test
  void idsAreComparedAsNumbersWhateverTheOrderOfRows() {
    List<PromptRow> rows = likeXsTest();
    Set<PromptRow> tuning = new HashSet<>(Split.xsTest(rows).tuning());
    Collections.shuffle(rows, new Random(7));
    Split shuffled = Split.xsTest(rows);
    assertEquals(tuning, new HashSet<>(shuffled.tuning()));
    List<PromptRow> expected = rows.stream().filter(tuning::contains).toList();
    assertEquals(expected, shuffled.tuning(), "rows keep their order");
  }

  @Test
  void advBenchKeepsItsLastHundredRows() {
    List<PromptRow> rows = new ArrayList<>();
    for (int i = 0; i < 520; i++) {
      rows.add(PromptRow.of(Integer.toString(i), "prompt " + i));
    }
    Split split = Split.advBench(rows);
    assertEquals(rows.subList(0, 420), split.tuning());
    assertEquals(rows.subList(420, 520), split.heldOut());
    assertEquals(List.of(), split.contrast());
  }

  @Test
  void otherSetsAreNotTakenForXsTest() {
    assertThrows(BadDataException.class, () -> Split.xsTest(likeXsTest().subList(0, 100)));
    assertThrows(BadDataException.class, () -> Split.xsTest(List.of()));
    assertThrows(BadDataException.class, () -> Split.advBench(likeXsTest()));
    PromptRow nameless = new PromptRow("a", "p", "t", Label.SAFE);
    assertThrows(BadDataException.class, () -> Split.lowestIdsOfEachType(List.of(nameless), 1));
    assertThrows(IllegalArgumentException.class, () -> Split.at(List.of(), 1));
  }

  @Test
  void theRealSetsHaveTheirKnownCounts() {
    assumeTrue(Files.isDirectory(DATA.resolve("xstest")), "real prompt sets are absent");
    List<PromptRow> rows = Prompts.read(DATA.resolve("xstest/xstest_prompts.csv"));
    assertEquals(450, rows.size());
    Split split = Split.xsTest(rows);
    assertEquals(100, split.tuning().size());
    assertEquals(150, split.heldOut().size());
    assertEquals(200, split.contrast().size());
    assertTrue(split.contrast().stream().allMatch(row -> row.label() == Label.UNSAFE));
    assertEquals(
        Set.of(25L),
        Set.copyOf(
            rows.stream()
                .collect(Collectors.groupingBy(PromptRow::type, Collectors.counting()))
                .values()));
    assertEquals(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), ids(split.tuning()).subList(0, 10));

    List<PromptRow> advBench = Prompts.read(DATA.resolve("advbench/advbench.csv"));
    Split harmful = Split.advBench(advBench);
    assertEquals(420, harmful.tuning().size());
    assertEquals(100, harmful.heldOut().size());
    assertEquals("420", harmful.heldOut().get(0).id());
    assertEquals("519", harmful.heldOut().get(99).id());
  }

  @Test
  void theOtherRealSetsAreReadWhole() {
    assumeTrue(Files.isDirectory(DATA.resolve("xstest")), "real prompt sets are absent");
    assertEquals(100, Prompts.read(DATA.resolve("jailbreakbench/jailbreakbench.csv")).size());
    assertEquals(313, Prompts.read(DATA.resolve("strongreject/strongreject.csv")).size());
    assertEquals(175, Prompts.read(DATA.resolve("self-instruct/seed_tasks.jsonl")).size());
    assertEquals(1000, Prompts.read(DATA.resolve("ultrafeedback/ultrafeedback_1k.json")).size());
    assertEquals(1000, Prompts.read(DATA.resolve("toxigen/neutral_women_1k.txt")).size());
    assertEquals(450, Prompts.read(DATA.resolve("xstest/xstest_v2_completions_gpt4.csv")).size());
  }
}
