package org.alignment4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.alignment4j.examples.demo.DemoPrompts.Entry;
import org.alignment4j.examples.demo.DemoPrompts.Label;
import org.junit.jupiter.api.Test;

class DemoPromptsTests {
  @Test
  void setsHoldTheThreeLabelsInEqualParts() {
    assertEquals(List.of(20L, 20L, 20L), counts(DemoPrompts.tune()));
    assertEquals(List.of(34L, 33L, 33L), counts(DemoPrompts.test()));
  }

  @Test
  void idsAreUniqueAndNoPromptIsNearAnother() {
    List<Entry> all = new ArrayList<>(DemoPrompts.tune());
    all.addAll(DemoPrompts.test());
    Set<String> ids = new HashSet<>();
    WordSets earlier = new WordSets();
    for (Entry entry : all) {
      assertTrue(ids.add(entry.id()), entry.id());
      assertTrue(earlier.nearest(entry.prompt()) < 0.6, entry.id());
      earlier.add(entry.prompt());
    }
  }

  @Test
  void noPromptIsNearARowOfAPublicDataSet() {
    DataFolder folder = new DataFolder(DemoCorpusTests.data());
    WordSets rows = new WordSets();
    for (DataSource source : DataSource.values()) {
      folder.read(source).forEach(row -> row.prompts().forEach(rows::add));
    }
    List<Entry> all = new ArrayList<>(DemoPrompts.tune());
    all.addAll(DemoPrompts.test());
    for (Entry entry : all) {
      assertTrue(rows.nearest(entry.prompt()) < 0.6, entry.id());
    }
  }

  private static List<Long> counts(List<Entry> entries) {
    return List.of(
        entries.stream().filter(e -> e.label() == Label.HARMFUL).count(),
        entries.stream().filter(e -> e.label() == Label.BENIGN).count(),
        entries.stream().filter(e -> e.label() == Label.PSEUDO_HARMFUL).count());
  }
}
