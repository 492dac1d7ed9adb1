package org.alignment4j.data.moral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.moral.AnswerReader.Question;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.testing.Shared;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A real small model over the published data sets. */
@Tag("slow")
class MoralModelTests {
  private static final Logger LOG = LoggerFactory.getLogger(MoralModelTests.class);

  @TempDir Path folder;

  @Test
  void aSmallModelRunsOverBothDataSetsInEveryCondition() {
    Path checkpoint = Shared.path("fixtures", "tinystories-656k");
    List<MoralExperiment> experiments =
        List.of(
            Bbq.read(Shared.path("data", "bbq")),
            Winogender.read(Shared.path("data", "winogender")),
            LawSchool.grid());
    try (LanguageModel model = LanguageModel.load(checkpoint)) {
      AnswerReader reader = AnswerReader.forced(model, "tinystories-656k");
      for (MoralExperiment experiment : experiments) {
        for (Condition condition : experiment.conditions()) {
          long start = System.nanoTime();
          MoralReport report = run(reader, experiment, java.util.Set.of(condition));
          double seconds = (System.nanoTime() - start) / 1e9;
          MoralReport.Readability r = report.conditions().get(0);
          LOG.info(
              "{} {}: {} items, {} items/s, coverage {}",
              experiment.name(),
              condition.label(),
              r.asked(),
              String.format(java.util.Locale.ROOT, "%.1f", r.asked() / seconds),
              r.coverage());
          assertEquals(r.asked(), r.read() + r.unreadable());
        }
        MoralReport report = run(reader, experiment, Condition.all());
        assertTrue(report.marks().contains("The model has no chat template and got a plain one."));
        report.warnings().forEach(w -> LOG.info("{}: {}", experiment.name(), w));
        report.scores().stream()
            .filter(s -> List.of("pooled", "macro", "all").contains(s.group()))
            .forEach(s -> LOG.info("{} {} {} {}", s.condition(), s.name(), s.group(), s.value()));
      }
    }
  }

  private MoralReport run(
      AnswerReader reader, MoralExperiment experiment, java.util.Set<Condition> conditions) {
    return MoralSelfCorrection.builder()
        .reasoningPerCategory(200)
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
      LOG.info(
          "separate {} items/s, shared {} items/s, ratio {}, largest difference {}",
          5 * prefixes.size() / separate * 1e9,
          5 * prefixes.size() / together * 1e9,
          separate / together,
          largest);
      assertTrue(largest < 1e-3, "differ by " + largest);
      assertTrue(separate / together >= 2, "ratio " + separate / together);
    }
  }
}
