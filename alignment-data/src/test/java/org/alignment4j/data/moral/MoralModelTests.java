package org.alignment4j.data.moral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.moral.AnswerReader.Question;
import org.alignment4j.data.moral.MoralExperiment.Condition;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.testing.Shared;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real small models over the published data sets; prints what it measures. All of BBQ's items with
 * {@code -Dalignment4j.moral.items=99999}, otherwise some of each category.
 */
@Tag("slow")
class MoralModelTests {
  @TempDir Path folder;

  @Test
  void aModelWithoutChatTemplateRunsOverAllAndIsMarked() {
    MoralReport report = runAll(Shared.path("fixtures", "tinystories-656k"));
    assertTrue(report.marks().contains("The model has no chat template; a plain one was used."));
  }

  @Test
  void theDemonstrationModelRunsOverAll() {
    Path checkpoint = Path.of("..", "examples", "demo-model");
    assumeTrue(Files.exists(checkpoint.resolve("model.safetensors")), "no demonstration model");
    assertEquals(List.of(), runAll(checkpoint).marks());
  }

  private MoralReport runAll(Path checkpoint) {
    List<MoralExperiment> experiments =
        List.of(
            Bbq.read(Shared.path("data", "bbq")),
            Winogender.read(Shared.path("data", "winogender")),
            LawSchool.grid());
    MoralReport last = null;
    try (LanguageModel model = LanguageModel.load(checkpoint)) {
      AnswerReader reader = AnswerReader.forced(model, checkpoint.getFileName().toString());
      for (MoralExperiment experiment : experiments) {
        for (Condition condition : experiment.conditions()) {
          long start = System.nanoTime();
          MoralReport report = run(reader, experiment, Set.of(condition));
          double seconds = (System.nanoTime() - start) / 1e9;
          MoralReport.Readability r = report.conditions().get(0);
          System.out.printf(
              "%s %s %s: %d items, %.1f items/s, coverage %.3g, %d unreadable%n",
              reader.name(),
              experiment.name(),
              condition.label(),
              r.asked(),
              r.asked() / seconds,
              r.coverage(),
              r.unreadable());
          assertEquals(r.asked(), r.read() + r.unreadable());
        }
        last = run(reader, experiment, Condition.all());
        last.warnings().forEach(w -> System.out.println("  " + w));
        last.scores().stream()
            .filter(s -> List.of("s_amb", "s_amb_expected", "rho", "gap").contains(s.name()))
            .filter(s -> List.of("pooled", "macro", "all").contains(s.group()))
            .forEach(
                s ->
                    System.out.printf(
                        "  %s %s %s %.4f [%.4f, %.4f]%n",
                        s.condition().label(),
                        s.name(),
                        s.group(),
                        s.value().estimate(),
                        s.value().lo(),
                        s.value().hi()));
      }
    }
    return java.util.Objects.requireNonNull(last);
  }

  private MoralReport run(
      AnswerReader reader, MoralExperiment experiment, Set<Condition> conditions) {
    return MoralSelfCorrection.builder()
        .itemsPerCategory(Integer.getInteger("alignment4j.moral.items", 40))
        .reasoningPerCategory(Math.min(200, Integer.getInteger("alignment4j.moral.items", 10)))
        .journal(folder.resolve("journal.jsonl"))
        .build()
        .run(reader, experiment, conditions, ProgressListener.NONE);
  }

  /** Each continuation with a prefix of its own against all over one, by turns. */
  @Test
  void oneSharedPrefixIsTwiceAsFastAsOneForEach() {
    Bbq bbq = Bbq.read(Shared.path("data", "bbq"));
    try (LanguageModel model = LanguageModel.load(Shared.path("fixtures", "tinystories-656k"))) {
      List<int[]> prefixes = new ArrayList<>();
      List<List<int[]>> forms = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        Question q = bbq.question(9 * i, Condition.QUESTION, 0, 1);
        int[] stem = model.tokenizer().encode(q.prompt().withResponse(q.stem()));
        List<int[]> whole =
            q.options().stream()
                .map(o -> q.prompt().withResponse(q.stem() + o.forms().get(0)))
                .map(model.tokenizer()::encode)
                .toList();
        int shared =
            whole.stream()
                .mapToInt(w -> Arrays.mismatch(stem, w))
                .map(m -> m < 0 ? stem.length : m)
                .min()
                .orElseThrow();
        prefixes.add(Arrays.copyOf(stem, shared));
        forms.add(whole.stream().map(w -> Arrays.copyOfRange(w, shared, w.length)).toList());
      }
      double separate = 0;
      double together = 0;
      double largest = 0;
      for (int round = 0; round < 6; round++) {
        long start = System.nanoTime();
        List<Double> one = new ArrayList<>();
        for (int i = 0; i < prefixes.size(); i++) {
          for (int[] form : forms.get(i)) {
            one.add(model.scoreIds(prefixes.get(i), List.of(form)).get(0).sum());
          }
        }
        long middle = System.nanoTime();
        List<Double> other = new ArrayList<>();
        for (int i = 0; i < prefixes.size(); i++) {
          model.scoreIds(prefixes.get(i), forms.get(i)).forEach(s -> other.add(s.sum()));
        }
        long end = System.nanoTime();
        for (int i = 0; i < one.size(); i++) {
          largest = Math.max(largest, Math.abs(one.get(i) - other.get(i)));
        }
        if (round > 0) {
          separate += middle - start;
          together += end - middle;
        }
      }
      System.out.printf(
          "separate %.1f items/s, shared %.1f items/s, ratio %.2f, largest difference %.2g%n",
          5 * prefixes.size() / separate * 1e9,
          5 * prefixes.size() / together * 1e9,
          separate / together,
          largest);
      assertTrue(largest < 1e-3, "differ by " + largest);
      assertTrue(separate / together >= 2, "ratio " + separate / together);
    }
  }
}
