package org.alignment4j.data.filter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.Format;
import org.alignment4j.data.filter.Decontamination.EvaluationSet;
import org.alignment4j.testing.Shared;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecontaminationTests {
  private static final String LONG =
      "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";

  private static Decontamination against(String... texts) {
    return Decontamination.of(List.of(EvaluationSet.of("mine", "", List.of(texts))));
  }

  private static Optional<Decontamination.Match> match(int firstWord, int words) {
    return Optional.of(new Decontamination.Match("mine", firstWord, words));
  }

  @Test
  void thirteenCommonWordsAreAMatchAndTwelveAreNot() {
    Decontamination sets = against(LONG);
    assertEquals(match(0, 13), sets.find(LONG));
    assertEquals(match(2, 13), sets.find("so, then: " + LONG.replace("fourteen", "end")));
    assertEquals(match(2, 13), sets.find(LONG.replace("one ", "x y ").toUpperCase(Locale.ROOT)));
    assertEquals(Optional.empty(), sets.find(LONG.replace("two", "2")));
    assertEquals(Optional.empty(), sets.find("one two three four five six seven eight nine ten"));
  }

  @Test
  void shorterTextsMatchAsAWhole() {
    Decontamination sets = against("How do I kill a Python process?");
    assertEquals(match(0, 7), sets.find(" how do I KILL\na python process "));
    assertEquals(Optional.empty(), sets.find("How do I kill a Python process now?"));
    assertEquals(Optional.empty(), sets.find("How do I kill a Python"));
    assertEquals(Optional.empty(), sets.find(""));
  }

  @Test
  void usersAddSetsOfTheirOwn() {
    Decontamination sets =
        Decontamination.standard().with(EvaluationSet.of("mine", "", List.of("a b c")));
    assertEquals(5, sets.sets().size());
    assertEquals(match(0, 3), sets.find("A, b, c!"));
    assertEquals(Optional.empty(), Decontamination.standard().find("A, b, c!"));
  }

  /** Any word of few, so that runs of three of both kinds are common; by the definition. */
  @Property(tries = 300)
  void runsAreThoseOfTheDefinition(
      @ForAll @Size(min = 1, max = 40) List<@IntRange(max = 1) Integer> a,
      @ForAll @Size(min = 1, max = 40) List<@IntRange(max = 1) Integer> b) {
    boolean expected =
        a.size() < 13 || b.size() < 13 ? a.equals(b) : runs(a).stream().anyMatch(runs(b)::contains);
    assertEquals(expected, against(text(a)).find(text(b)).isPresent());
  }

  private static String text(List<Integer> words) {
    return words.stream().map(i -> "w" + i).collect(Collectors.joining(" "));
  }

  private static List<List<Integer>> runs(List<Integer> words) {
    List<List<Integer>> runs = new ArrayList<>();
    for (int i = 0; i + 13 <= words.size(); i++) {
      runs.add(words.subList(i, i + 13));
    }
    return runs;
  }

  /** So that another program's hashes are the same: sha256sum of "how are you". */
  @Test
  void aHashIsTheBeginningOfSha256() {
    assertArrayEquals(new long[] {0x0b9a11ae035c536dL}, TextHashes.of("How are you?", 13).values());
  }

  @Test
  void whatIsShippedNamesItsSourceAndHoldsNoText() {
    List<EvaluationSet> sets = EvaluationSet.shipped();
    assertEquals(
        Map.of("XSTest", 450, "JailbreakBench", 100, "StrongREJECT", 313, "AdvBench", 520),
        sets.stream().collect(Collectors.toMap(EvaluationSet::name, EvaluationSet::texts)));
    assertTrue(sets.stream().noneMatch(set -> set.note().isBlank()));
  }

  @Test
  void whatIsShippedIsWhatTheRealSetsGive(@TempDir Path folder) throws IOException {
    Path data = Shared.path("data");
    EvaluationSetFiles.main(new String[] {data.toString(), folder.toString()});
    for (String name : EvaluationSetFiles.sets(data).keySet()) {
      Path file = folder.resolve(name + ".hashes");
      try (var shipped =
          EvaluationSet.class.getResourceAsStream("evaluation/" + file.getFileName())) {
        assertArrayEquals(Files.readAllBytes(file), shipped.readAllBytes(), name);
      }
    }
  }

  @Test
  void everyRealPromptIsFound() {
    Path data = Shared.path("data");
    Decontamination sets = Decontamination.standard();
    for (Path file :
        List.of(
            data.resolve("xstest/xstest_prompts.csv"),
            data.resolve("jailbreakbench/jailbreakbench.csv"),
            data.resolve("strongreject/strongreject.csv"),
            data.resolve("advbench/advbench.csv"))) {
      for (String prompt : Prompts.texts(Prompts.read(file))) {
        assertTrue(sets.find(prompt).isPresent(), prompt);
      }
    }
    // Instructions of another kind: none is in the sets.
    for (String prompt :
        Prompts.texts(Prompts.read(data.resolve("self-instruct/seed_tasks.jsonl"), Format.JSONL))) {
      assertEquals(Optional.empty(), sets.find(prompt));
    }
  }

  @Test
  void filesComeBackAsWritten(@TempDir Path folder) throws IOException {
    EvaluationSet set = EvaluationSet.of("n\u00e4me", "a note", List.of(LONG, "short"));
    Path file = folder.resolve("a.hashes");
    set.write(file);
    EvaluationSet back = EvaluationSet.read(file);
    assertEquals(set.toString(), back.toString());
    assertEquals("a note", back.note());
    assertEquals(3, back.size());
    assertTrue(Decontamination.of(List.of(back)).find(LONG).isPresent());
    Files.writeString(file, Files.readString(file) + "xyz\n");
    BadDataException bad = assertThrows(BadDataException.class, () -> EvaluationSet.read(file));
    assertTrue(String.valueOf(bad.getMessage()).contains("line 7"), bad.getMessage());
    Files.writeString(file, "");
    assertThrows(BadDataException.class, () -> EvaluationSet.read(file));
    assertThrows(BadDataException.class, () -> EvaluationSet.read(folder.resolve("none")));
    assertThrows(IllegalArgumentException.class, () -> EvaluationSet.of("mine", "", List.of()));
  }
}
