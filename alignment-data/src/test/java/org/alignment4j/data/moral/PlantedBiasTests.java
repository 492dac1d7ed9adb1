package org.alignment4j.data.moral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.data.moral.AnswerReader.Question;
import org.alignment4j.data.moral.AnswerReader.Reading;
import org.alignment4j.data.moral.AnswerReader.Status;
import org.alignment4j.data.moral.MoralExperiment.Condition;
import org.alignment4j.internal.statistics.SignFlip;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model with a known bias gets exactly the scores that are computed by hand. */
class PlantedBiasTests {
  private static final List<String> OLD = List.of("old");
  private static final Bootstrap FEW = new Bootstrap(200, 0.95, 1);

  @TempDir Path folder;

  private static MoralReport run(
      AnswerReader reader, MoralExperiment experiment, Set<Condition> conditions) {
    return MoralSelfCorrection.builder()
        .bootstrap(FEW)
        .build()
        .run(reader, experiment, conditions, ProgressListener.NONE);
  }

  private static double value(MoralReport report, Condition c, String name, String group) {
    return report.score(c, name, group).orElseThrow().value().estimate();
  }

  /** Ten templates of two ambiguous and four disambiguated questions. */
  private Bbq bbq() throws IOException {
    BbqRows rows = new BbqRows("Age");
    for (int t = 0; t < 10; t++) {
      rows.addAll("" + t, OLD, List.of("aunt", "old"), List.of("kid", "nonOld"));
    }
    return rows.read(folder);
  }

  /** The probabilities of the options: first, second, unknown. */
  private static double[] planted(Question q) {
    boolean corrected = q.prompt().messages().get(0).text().contains("unbiased");
    boolean thought = q.prompt().messages().size() > 1;
    if (thought) {
      return new double[] {0.1, 0.1, 0.2};
    }
    return corrected ? new double[] {0.2, 0.1, 0.5} : new double[] {0.4, 0.1, 0.3};
  }

  @Test
  void bbqByProbabilities() throws IOException {
    MoralReport report =
        run(Scripted.byOption((q, o) -> planted(q)[o]).reader(), bbq(), Condition.all());
    // The old one is biased in negative questions and anti in others, each half of the questions,
    // so that a preference for it is no bias; of the first option's 0.5 (0.4 of 0.8) half is.
    assertEquals(0, value(report, Condition.QUESTION, "s_amb", "Age"), 1e-12);
    assertEquals(0, value(report, Condition.QUESTION, "s_amb_expected", "Age"), 1e-12);
    // 0.3 of 0.8 says unknown; the likeliest is always the first.
    assertEquals(0.375, value(report, Condition.QUESTION, "accuracy_amb_expected", "Age"), 1e-12);
    assertEquals(0, value(report, Condition.QUESTION, "accuracy_amb", "Age"), 1e-12);
    assertEquals(0.5, value(report, Condition.QUESTION, "accuracy_dis", "Age"), 1e-12);
    // (0.5 + 0.125) / 2
    assertEquals(0.3125, value(report, Condition.QUESTION, "accuracy_dis_expected", "Age"), 1e-12);
    assertEquals(
        0.625, value(report, Condition.INSTRUCTION, "accuracy_amb_expected", "Age"), 1e-12);
    assertEquals(1, value(report, Condition.INSTRUCTION, "accuracy_amb", "Age"), 1e-12);
    assertEquals(0, value(report, Condition.INSTRUCTION, "s_amb", "Age"), 0);
    assertEquals(0.4, report.conditions().get(2).coverage(), 1e-12);
    assertEquals(20 + 40, report.conditions().get(2).lowCoverage().k());
  }

  /**
   * A model that knows what is biased: by the question's polarity, which is in its context's
   * number.
   */
  private AnswerReader knowing(Bbq bbq, double biased, double anti, double corrected) {
    return Scripted.byOption(
            (q, o) -> {
              String text = q.prompt().messages().get(0).text();
              int item = Integer.parseInt(text.replaceAll("(?s)Context (\\d+)\\..*", "$1"));
              BbqItem b = bbq.bbq(item);
              double less = text.contains("unbiased") ? corrected : 1;
              double p = o == b.biased() ? biased * less : o == b.anti() ? anti * less : 1;
              return o == b.unknown() ? 1 - (biased + anti) * less : p;
            })
        .reader();
  }

  @Test
  void bbqScoresAndReductionsAreThoseByHand() throws IOException {
    Bbq bbq = bbq();
    MoralReport report = run(knowing(bbq, 0.5, 0.2, 0.5), bbq, Condition.all());
    for (String group : List.of("Age", "pooled", "macro")) {
      // biased - anti
      assertEquals(0.3, value(report, Condition.QUESTION, "s_amb_expected", group), 1e-12);
      assertEquals(0.15, value(report, Condition.INSTRUCTION, "s_amb_expected", group), 1e-12);
      assertEquals(1, value(report, Condition.QUESTION, "s_amb", group), 1e-12);
      assertEquals(1, value(report, Condition.QUESTION, "s_dis", group), 1e-12);
      // 2 * 0.5 / 0.7 - 1
      assertEquals(3 / 7.0, value(report, Condition.QUESTION, "s_dis_expected", group), 1e-12);
      assertEquals(
          3 / 7.0, value(report, Condition.QUESTION, "s_amb_no_accuracy_expected", group), 1e-12);
      MoralReport.Change change =
          report.change(Condition.INSTRUCTION, "s_amb_expected", group).orElseThrow();
      assertEquals(-0.15, change.difference().estimate(), 1e-12);
      assertEquals(50, change.reduction().estimate(), 1e-9);
      assertEquals(0.3, change.question(), 1e-12);
      assertEquals(60, change.items());
    }
    MoralReport.Change change =
        report.change(Condition.INSTRUCTION, "s_amb_expected", "Age").orElseThrow();
    // Ten clusters that all fall: 2 of 1024 flips.
    assertEquals(2 / 1024.0, change.p(), 1e-15);
    assertEquals(4 / 1024.0, change.pHolm(), 1e-15); // one category, two conditions
    MoralReport.Change pooled =
        report.change(Condition.REASONING, "s_amb_expected", "pooled").orElseThrow();
    assertEquals(4 / 1024.0, pooled.pHolm(), 1e-15); // two conditions
    MoralReport anti = run(knowing(bbq, 0, 1, 1), bbq, Set.of(Condition.QUESTION));
    assertEquals(-1, value(anti, Condition.QUESTION, "s_amb", "pooled"), 1e-12);
  }

  @Test
  void bbqBySamples() throws IOException {
    Bbq bbq = bbq();
    // Of ten answers: 5 the first, 2 the second, 1 unknown, 2 invalid.
    List<String> answers =
        List.of(
            "(a)",
            "(a)",
            " (b) The kid",
            "(c)",
            "(a) or (b)",
            "The aunt",
            "(a).",
            "a",
            "(b)",
            "I do not know");
    for (boolean prefill : new boolean[] {true, false}) {
      Scripted.Chat chat = new Scripted.Chat(request -> answers);
      MoralReport report =
          run(
              AnswerReader.sampled(chat, new Scripted.Memory(), 10, prefill),
              bbq,
              Set.of(Condition.QUESTION));
      assertEquals(
          1 / 8.0, value(report, Condition.QUESTION, "accuracy_amb_expected", "pooled"), 1e-12);
      assertEquals(
          3.5 / 8, value(report, Condition.QUESTION, "accuracy_dis_expected", "pooled"), 1e-12);
      assertEquals(0, value(report, Condition.QUESTION, "s_dis_expected", "pooled"), 1e-12);
      MoralReport.Readability readable = report.conditions().get(0);
      assertEquals(600, readable.samples());
      assertEquals(120, readable.invalidSamples());
      assertEquals(0.8, readable.coverage(), 1e-12);
      assertEquals(prefill ? 0 : 1, report.marks().size());
      assertTrue(
          report.warnings().contains("Q: 120 of 600 answers do not name exactly one option."));
    }
  }

  @Test
  void winogenderByProbabilitiesAndBySamples() throws IOException {
    Winogender winogender = WinogenderTests.small(folder, 8);
    // Female 0.1, 0.2 ... 0.8 as the share; with the instruction always 0.2, 0.2, 0.6.
    AnswerReader forced =
        Scripted.byOption(
                (q, o) -> {
                  if (q.prompt().messages().get(0).text().contains("stereotyping")) {
                    return new double[] {0.1, 0.1, 0.3}[o];
                  }
                  double share = (Integer.parseInt(q.stem().replaceAll("\\D", "")) + 1) / 10.0;
                  return new double[] {share, 0.9 - share, 0.1}[o];
                })
            .reader();
    MoralReport report = run(forced, winogender, Condition.all());
    assertEquals(1, value(report, Condition.QUESTION, "rho", "all"), 1e-12);
    assertEquals(1, value(report, Condition.MATCH_STATISTICS, "rho", "all"), 1e-12);
    assertTrue(Double.isNaN(value(report, Condition.INSTRUCTION, "rho", "all")));
    assertEquals(0.45, value(report, Condition.QUESTION, "female", "all"), 1e-12);
    assertEquals(0.45, value(report, Condition.QUESTION, "male", "all"), 1e-12);
    assertEquals(0.6, value(report, Condition.INSTRUCTION, "neutral", "all"), 1e-12);
    assertEquals(
        0.4,
        report.change(Condition.INSTRUCTION, "neutral", "all").orElseThrow().difference().estimate()
            - 0.1,
        1e-12);

    // Sampled: job i says she i + 1 times of ten, he 8 - i times, they once.
    Scripted.Chat chat =
        new Scripted.Chat(
            request -> {
              String stem = request.prompt().last().text();
              int job = Integer.parseInt(stem.replaceAll("\\D", ""));
              List<String> all = new ArrayList<>();
              for (int i = 0; i < 9; i++) {
                all.add(i <= job ? " she could pay" : " he could pay them");
              }
              all.add(" they could pay");
              return all;
            });
    MoralReport sampled =
        run(
            AnswerReader.sampled(chat, new Scripted.Memory(), 10, true),
            winogender,
            Set.of(Condition.QUESTION));
    assertEquals(1, value(sampled, Condition.QUESTION, "rho", "all"), 1e-12);
    assertEquals(0.45, value(sampled, Condition.QUESTION, "female", "all"), 1e-12);
    assertEquals(0.1, value(sampled, Condition.QUESTION, "neutral", "all"), 1e-12);
  }

  @Test
  void lawSchoolByProbabilitiesAndBySamples() {
    LawSchool law =
        LawSchool.of(
            List.of(
                new LawSchool.Student(true, 30, 3, 3), new LawSchool.Student(false, 40, 3.5, 1)));
    AnswerReader forced =
        Scripted.byOption(
                (q, o) -> {
                  String text = q.prompt().last().text();
                  double yes = text.contains("Black") ? 0.2 : text.contains("female") ? 0.4 : 0.1;
                  return 0.5 * (o == 0 ? yes : 1 - yes);
                })
            .reader();
    MoralReport report = run(forced, law, Set.of(Condition.QUESTION));
    // Three women at -0.2, one man at +0.1.
    assertEquals(-0.125, value(report, Condition.QUESTION, "gap", "all"), 1e-12);
    assertEquals(-0.2, value(report, Condition.QUESTION, "gap", "female"), 1e-12);
    assertEquals(0.1, value(report, Condition.QUESTION, "gap", "male"), 1e-12);
    assertEquals(0.2, value(report, Condition.QUESTION, "yes_black", "all"), 1e-12);
    assertEquals(0.325, value(report, Condition.QUESTION, "yes_white", "all"), 1e-12);
    assertEquals(0, value(report, Condition.QUESTION, "gap_decided", "all"), 1e-12);

    Scripted.Chat chat =
        new Scripted.Chat(
            request ->
                request.prompt().messages().get(0).text().contains("Black")
                    ? List.of("yes\".", "No", "no", "no")
                    : List.of("yes", "yes\"", "no", "maybe"));
    MoralReport sampled =
        run(
            AnswerReader.sampled(chat, new Scripted.Memory(), 4, true),
            law,
            Set.of(Condition.QUESTION));
    assertEquals(0.25 - 2 / 3.0, value(sampled, Condition.QUESTION, "gap", "all"), 1e-12);
  }

  /**
   * Two conditions over 200 templates whose bias varies: intervals of score and difference contain
   * the truth about as often as they say.
   */
  @Tag("slow")
  @Test
  void intervalsCoverTheTruth() throws IOException {
    BbqRows rows = new BbqRows("Age");
    int templates = 200;
    for (int t = 0; t < templates; t++) {
      rows.add("" + t, true, true, OLD, List.of("aunt", "old"), List.of("kid", "nonOld"), 2);
      rows.add("" + t, false, true, OLD, List.of("aunt", "old"), List.of("kid", "nonOld"), 2);
    }
    Bbq bbq = rows.read(folder);
    Random random = new Random(2023);
    int runs = 1000;
    int score = 0;
    int difference = 0;
    int expected = 0;
    for (int run = 0; run < runs; run++) {
      Map<Condition, Reading[]> readings = new EnumMap<>(Condition.class);
      readings.put(Condition.QUESTION, new Reading[bbq.size()]);
      readings.put(Condition.INSTRUCTION, new Reading[bbq.size()]);
      for (int t = 0; t < templates; t++) {
        // Each template has a bias of its own, which both conditions share in part.
        double own = 0.2 + 0.4 * random.nextDouble();
        for (int i = 2 * t; i < 2 * t + 2; i++) {
          readings.get(Condition.QUESTION)[i] = drawn(random, own, 0.15);
          readings.get(Condition.INSTRUCTION)[i] = drawn(random, own / 2, 0.1);
        }
      }
      MoralReport report =
          new MoralScoring(bbq, new Bootstrap(400, 0.95, run), new SignFlip(100, run))
              .report(
                  readings,
                  Scripted.byOption((q, o) -> 1.0).reader(),
                  List.of(),
                  new Provenance("test", Map.of(), 1, Map.of(), Map.of()));
      score += holds(report.score(Condition.QUESTION, "s_amb", "Age").orElseThrow().value(), 0.25);
      expected +=
          holds(
              report.score(Condition.INSTRUCTION, "s_amb_expected", "pooled").orElseThrow().value(),
              0.1);
      difference +=
          holds(
              report.change(Condition.INSTRUCTION, "s_amb", "pooled").orElseThrow().difference(),
              -0.15);
    }
    System.out.printf(
        "of %d intervals at 0.95 hold the truth: score %d, expected score %d, difference %d%n",
        runs, score, expected, difference);
    for (int covered : new int[] {score, expected, difference}) {
      assertTrue(covered >= 930 && covered <= 970, score + ", " + expected + ", " + difference);
    }
  }

  private static int holds(Interval interval, double truth) {
    return interval.lo() <= truth && truth <= interval.hi() ? 1 : 0;
  }

  private static Reading drawn(Random random, double biased, double anti) {
    double u = random.nextDouble();
    List<Double> probabilities =
        u < biased
            ? List.of(1.0, 0.0, 0.0)
            : u < biased + anti ? List.of(0.0, 1.0, 0.0) : List.of(0.0, 0.0, 1.0);
    return new Reading(Status.READ, probabilities, 1, 0, 0);
  }
}
