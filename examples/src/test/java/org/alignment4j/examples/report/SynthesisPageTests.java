package org.alignment4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.synthesis.ModelUsage;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesisReport.LengthSummary;
import org.alignment4j.synthesis.SynthesisReport.StageYield;
import org.alignment4j.synthesis.SynthesisReport.StyleBaseline;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class SynthesisPageTests {
  private static final List<String> CATEGORIES =
      List.of("hate speech", "privacy", "self-harm", "sexual content", "weapons", "fraud");

  /** A report of no run, with every number different from most others. */
  static SynthesisReport large() {
    List<StageYield> stages = new ArrayList<>();
    List<String> names =
        List.of(
            "source",
            "text duplicates",
            "induce",
            "rules",
            "instruction duplicates",
            "judge",
            "respond",
            "verify");
    for (int s = 0; s < names.size(); s++) {
      for (int c = 0; c < CATEGORIES.size(); c++) {
        long in = 4000L * (c + 2) / (s + 1) + 17 * c + 3 * s;
        long lost = in / 9 + c;
        Map<String, Long> dropped = new TreeMap<>();
        dropped.put("too short", lost / 2);
        dropped.put("not a question and not an instruction", lost - lost / 2);
        if (s == 3) {
          for (int r = 0; r < 9; r++) {
            dropped.put("rule " + r, 10L * r + c);
          }
        }
        stages.add(new StageYield(names.get(s), CATEGORIES.get(c), in, in - lost, dropped));
      }
    }
    Map<String, Map<String, LengthSummary>> lengths = new LinkedHashMap<>();
    Map<String, StyleBaseline> styles = new LinkedHashMap<>();
    for (int c = 0; c < CATEGORIES.size(); c++) {
      lengths.put(
          CATEGORIES.get(c),
          Map.of(
              "prompt", new LengthSummary(101 + c, 4 + c, 13 + c, 41 + c, 15.25 + c),
              "chosen", new LengthSummary(101 + c, 22 + c, 64 + c, 231 + 10 * c, 81.5 + c),
              "rejected", new LengthSummary(101 + c, 9 + c, 38 + c, 312 - 20 * c, 67.75 + c)));
      styles.put(CATEGORIES.get(c), style(101 + c, 60 + 4 * c));
    }
    styles.put("all", style(621, 447));
    return new SynthesisReport(
        "the budget of 5.00 USD is used up",
        1234,
        87654,
        6543,
        stages,
        lengths,
        styles,
        List.of(
            new ModelUsage("local-7b", 45678, 123, 7, 9876543, 1357911, BigDecimal.ZERO, ""),
            new ModelUsage(
                "expert-large", 8765, 43, 2, 765432, 246810, new BigDecimal("4.9871"), "USD")));
  }

  private static StyleBaseline style(long n, long k) {
    return new StyleBaseline(
        new Rate(k, n - 3),
        Math.max(k, n - k) / (double) n,
        new Rate(k - 5, n),
        new Rate(k / 7, n),
        0.5 + (k - 5 - k / 7) / (2.0 * n));
  }

  private static SynthesisReport of(
      List<StageYield> stages, Map<String, StyleBaseline> styles, List<ModelUsage> usage) {
    return new SynthesisReport("", 0, 0, 0, stages, Map.of(), styles, usage);
  }

  @Test
  void everyNumberOfTheReportIsOnThePage() throws Exception {
    SynthesisReport report = large();
    String html = SynthesisPage.of("Synthesis run", report);
    keep(html);
    Document page = Pages.check(html);
    String text = Pages.text(page);
    List<String> numbers = new ArrayList<>();
    for (StageYield y : report.stages()) {
      numbers.add(Figures.count(y.in()));
      numbers.add(Figures.count(y.out()));
      y.dropped().values().stream().filter(n -> n > 0).map(Figures::count).forEach(numbers::add);
    }
    report
        .lengths()
        .values()
        .forEach(
            m ->
                m.values()
                    .forEach(
                        l -> {
                          numbers.add(Figures.count(l.p5()));
                          numbers.add(Figures.count(l.median()));
                          numbers.add(Figures.count(l.p95()));
                          numbers.add(Figures.fixed(l.mean(), 1));
                        }));
    report
        .styles()
        .values()
        .forEach(
            s -> {
              numbers.add(Figures.percent(s.lengthAccuracy()));
              numbers.add(Figures.percent(s.refusalAccuracy()));
              for (Rate r : List.of(s.chosenLonger(), s.chosenRefuses(), s.rejectedRefuses())) {
                numbers.add(r.k() + " of " + r.n());
              }
            });
    numbers.addAll(List.of("87,654", "6,543", "1,234", "7.5", "4.9871 USD"));
    numbers.addAll(List.of("45,678", "123", "9,876,543", "1,357,911", "8,765", "246,810"));
    numbers.forEach(n -> assertTrue(text.contains(n), n));
    assertTrue(text.contains("the budget of 5.00 USD is used up"));
    assertTrue(text.contains("That is much more than half."));
    assertEquals(4, Pages.all(page, "svg").size());
    assertEquals(html, SynthesisPage.of("Synthesis run", large()));
  }

  /** Keeps the page where somebody wants to look at it. */
  private static void keep(String html) throws Exception {
    String folder = System.getProperty("alignment4j.pages", "");
    if (!folder.isEmpty()) {
      Files.writeString(Path.of(folder).resolve("synthesis.html"), html);
    }
  }

  @Test
  void barsAreAsLongAsTheNumbers() throws Exception {
    Document page =
        Pages.check(
            SynthesisPage.of(
                "x",
                of(
                    List.of(
                        new StageYield("a", "c", 400, 300, Map.of("r", 100L)),
                        new StageYield("b", "c", 300, 100, Map.of())),
                    Map.of(),
                    List.of())));
    List<Double> widths =
        Pages.all(page, "rect").stream()
            .filter(r -> r.getAttribute("class").equals("s0"))
            .map(r -> Double.valueOf(r.getAttribute("width")))
            .toList();
    assertEquals(List.of(300.0, 100.0, 400.0), widths);
  }

  @Test
  void aRunWithoutPairsHasAPage() throws Exception {
    StyleBaseline none =
        new StyleBaseline(new Rate(0, 0), Double.NaN, new Rate(0, 0), new Rate(0, 0), Double.NaN);
    Document page =
        Pages.check(SynthesisPage.of("", of(List.of(), Map.of("all", none), List.of())));
    String text = Pages.text(page);
    assertTrue(text.contains("There are no pairs.") && text.contains("complete"), text);
    assertFalse(text.contains("much more than half."));
  }

  @Test
  void whatIsNotDefinedIsADash() throws Exception {
    StyleBaseline odd =
        new StyleBaseline(new Rate(0, 0), Double.NaN, new Rate(1, 3), new Rate(0, 3), Double.NaN);
    SynthesisReport report =
        new SynthesisReport(
            "",
            0,
            3,
            3,
            List.of(new StageYield("source", "", 0, 0, Map.of("never", 0L))),
            Map.of("", Map.of("prompt", new LengthSummary(0, 0, 0, 0, 0))),
            Map.of("all", odd),
            List.of());
    String text = Pages.text(Pages.check(SynthesisPage.of("x", report)));
    assertTrue(text.contains("–") && text.contains("0 of 0") && text.contains("(none)"), text);
    assertTrue(text.contains("With so few pairs"), text);
    assertFalse(text.contains("never"));
  }

  @Test
  void hostileNamesStayText() throws Exception {
    String hostile = "</title></svg><ScRipt>alert('1')</ScRipt><img onerror=\"x\">&amp;";
    String odd = hostile + "\u0000\u0007\u202E\uD800" + "x".repeat(500) + "\uD83D\uDE00";
    SynthesisReport report =
        new SynthesisReport(
            odd,
            0,
            1,
            1,
            List.of(new StageYield(odd, odd, 1, 0, Map.of(odd, 1L))),
            Map.of(odd, Map.of("prompt", new LengthSummary(1, 1, 1, 1, 1))),
            Map.of("all", style(101, 60), odd, style(101, 60)),
            List.of(new ModelUsage(odd, 1, 0, 0, 1, 1, BigDecimal.ONE, odd)));
    Document page = Pages.check(SynthesisPage.of(odd, report));
    assertTrue(Pages.text(page).contains(hostile), "kept as text");
    for (String tag : List.of("ScRipt", "img", "script")) {
      assertEquals(0, Pages.all(page, tag).size(), tag);
    }
    assertFalse(Pages.text(page).contains("\u202E"));
    assertEquals(1, Pages.all(page, "h1").size());
  }
}
