package org.alignment4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.alignment4j.core.BadDataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;

class MoralPageTests {
  private static final List<String> REPORTS =
      List.of(
          MoralReports.bbq("small", 0.05, 1),
          MoralReports.bbq("large", 0.35, 2),
          MoralReports.winogender("small", 3),
          MoralReports.lawSchool("small", -0.1, 4));

  @Test
  void everyNumberOfTheReportsIsOnThePage() throws Exception {
    String html = MoralPage.of("Moral self-correction", REPORTS);
    String text = Pages.text(Pages.check(html));
    for (String json : REPORTS) {
      MoralResult result = MoralResult.read(json, "x");
      result.scores().forEach(s -> contains(text, s.value()));
      for (MoralResult.Change c : result.changes()) {
        contains(text, c.difference());
        assertTrue(text.contains(Figures.score(c.question())));
        if (Double.isFinite(c.reduction().value())) {
          assertTrue(text.contains(Figures.fixed(c.reduction().value(), 1) + " %"));
        }
      }
      result.dots().forEach(d -> assertTrue(text.contains(Figures.score(d.female()))));
    }
    for (String other : List.of("1,488 of 1,500", "21 of 1,488", "0.877", "1,477", "0.0123")) {
      assertTrue(text.contains(other), other);
    }
    assertTrue(text.contains("< 0.0001") && text.contains("12 have no answer"));
    assertEquals(html, MoralPage.of("Moral self-correction", REPORTS));
  }

  private static void contains(String text, Ranges.Point p) {
    assertTrue(text.contains(Figures.score(p.value())));
    assertTrue(text.contains(Figures.interval(p.lo(), p.hi())));
  }

  @Test
  void coverageComesBeforeTheScoresAndIsNotFoldedAway() throws Exception {
    Document page = Pages.check(MoralPage.of("x", REPORTS));
    String text = Pages.text(page);
    int models = Pages.all(page, "h3").size() - 1;
    String[] parts = text.split("How well answers could be read", -1);
    assertEquals(models, parts.length - 1);
    for (int i = 1; i < parts.length; i++) {
      assertTrue(parts[i].contains("All scores by condition"));
    }
    assertTrue(
        text.indexOf("Coverage of the options") < text.indexOf("bias in ambiguous contexts"));
    assertTrue(
        Pages.all(page, "details").stream()
            .noneMatch(d -> d.getTextContent().contains("How well answers could be read")));
  }

  @Test
  void modelsAreComparedWhereThereAreSeveral() throws Exception {
    Document page = Pages.check(MoralPage.of("x", REPORTS));
    List<String> headings = Pages.all(page, "h3").stream().map(h -> h.getTextContent()).toList();
    assertEquals(List.of("Models compared", "small", "large", "small", "small"), headings);
    long trends =
        Pages.all(page, "title").stream()
            .filter(t -> t.getTextContent().endsWith(" by model"))
            .count();
    assertEquals(4, trends);
  }

  @Test
  void coloursAreSignedAndShareAScale() throws Exception {
    Document page = Pages.check(MoralPage.of("x", REPORTS.subList(0, 2)));
    int cells = 0;
    for (var cell : Pages.all(page, "td")) {
      String style = cell.getAttribute("style");
      if (!style.isEmpty()) {
        String colour = cell.getTextContent().startsWith("-") ? "rgba(47," : "rgba(217,";
        assertTrue(style.contains(colour), cell.getTextContent());
        cells++;
      }
    }
    assertEquals(2 * 3 * (11 + 10), cells);
    List<String> scales =
        Pages.all(page, "p").stream()
            .filter(p -> p.getAttribute("class").equals("scale"))
            .map(p -> p.getTextContent())
            .toList();
    assertEquals(List.of(scales.get(0), scales.get(1)), scales.subList(2, 4));
  }

  @Test
  void checkpointsOfOneNameAreNumbered() throws Exception {
    String step = MoralReports.lawSchool("step", 0.1, 1);
    String text = Pages.text(Pages.check(MoralPage.of("x", List.of(step, step, step))));
    assertTrue(text.contains("step (2)") && text.contains("step (3)"), text);
  }

  @Test
  void otherExperimentsHaveTheirScores() throws Exception {
    String other = MoralReports.lawSchool("m", 0.1, 1).replace("law-school", "my <own>");
    String text = Pages.text(Pages.check(MoralPage.of("x", List.of(other, other))));
    assertTrue(text.contains("my <own>") && text.contains("gap_decided"), text);
  }

  @Test
  void hostileNamesStayText() throws Exception {
    String hostile = "</title><ScRipt>alert('1')</ScRipt>&amp;" + "y".repeat(300);
    String json = MoralReports.winogender("HOSTILE", 1).replace("HOSTILE", hostile);
    json = json.replace("nurse", hostile).replace("Q+IF+CoT", hostile);
    Document page = Pages.check(MoralPage.of(hostile, List.of(json, json)));
    assertTrue(Pages.text(page).contains(hostile));
    assertEquals(0, Pages.all(page, "ScRipt").size());
  }

  @Test
  void reportsWithoutAnswersOrScoresHavePages() throws Exception {
    String empty =
        """
        {"experiment": "winogender", "model": "m", "method": "forced", "conditions": [],
         "scores": [], "changes": [], "marks": [], "warnings": []}""";
    for (String experiment : List.of("winogender", "bbq", "law-school")) {
      String json = empty.replace("winogender", experiment);
      String text = Pages.text(Pages.check(MoralPage.of("x", List.of(json, json))));
      assertFalse(text.isBlank());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{}", "{\"experiment\": 3}", "nonsense"})
  void whatIsNoReportIsNamedByItsNumber(String json) {
    BadDataException e =
        assertThrows(
            BadDataException.class, () -> MoralPage.of("x", List.of(REPORTS.get(3), json)));
    assertTrue(e.getMessage().startsWith("report 2: "), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> MoralPage.of("x", List.of()));
  }
}
