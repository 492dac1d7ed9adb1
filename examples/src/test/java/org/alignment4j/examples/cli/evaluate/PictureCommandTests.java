package org.alignment4j.examples.cli.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport.BeforeAfter;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.examples.cli.output.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class PictureCommandTests {
  @TempDir Path folder;

  @Test
  void barsAreAsLongAsTheRates() throws Exception {
    OverRefusalReport report =
        new OverRefusalReport(
            new BeforeAfter(new Rate(8, 10), new Rate(2, 10)),
            new BeforeAfter(new Rate(10, 10), new Rate(10, 10)),
            1);
    Path json = Files.writeString(folder.resolve("r.json"), Json.text(report.toMap()));
    Path svg = folder.resolve("r.svg");
    CommandRun run = CommandRun.of("picture", json, svg);
    assertEquals(0, run.status(), run.err());
    String text = Files.readString(svg);
    assertTrue(text.contains("8 of 10 (80 %)") && text.contains("2 of 10 (20 %)"), text);
    NodeList rects =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))
            .getElementsByTagName("rect");
    assertEquals(5, rects.getLength());
    double[] widths = new double[4];
    for (int i = 0; i < 4; i++) {
      widths[i] = Double.parseDouble(((Element) rects.item(i + 1)).getAttribute("width"));
    }
    assertEquals(4, widths[0] / widths[1], 1e-9);
    assertEquals(widths[2], widths[3]);
    assertEquals(0.8, widths[0] / widths[2], 1e-9);
  }

  private static String method(String name, int released, double d, double safe, double bad) {
    return String.format(
        java.util.Locale.ROOT,
        "{\"method\": \"%s\", \"seeds\": 2, \"released\": %d, \"d_prime\": {\"estimate\": %f},"
            + " \"sets\": {\"S\": {\"n\": 10, \"refused\": {\"estimate\": %f}}, \"U\": {\"n\": 20,"
            + " \"refused\": {\"estimate\": %f}}, \"V\": {\"n\": 20, \"refused\": {\"estimate\":"
            + " 1}}, \"under X\": {\"n\": 5, \"refused\": {\"estimate\": 0}}}}",
        name,
        released,
        d,
        safe,
        bad);
  }

  @Test
  void ofAComparisonTheBestMethodThatTheGateAcceptsIsDrawn() throws Exception {
    String compared =
        "{\"models\": [{\"to_answer\": [\"S\"], \"attacked\": [\"under X\"], \"methods\": ["
            + String.join(
                ",",
                method("start", -1, 0.5, 0.8, 0.5),
                method("poor", 2, 0.6, 0.6, 0.5),
                method("good", 2, 0.9, 0.25, 0.55),
                method("rejected", 1, 2, 0, 1))
            + "]}]}";
    Path json = Files.writeString(folder.resolve("r.json"), compared);
    Path svg = folder.resolve("r.svg");
    CommandRun run = CommandRun.of("picture", json, svg);
    assertEquals(0, run.status(), run.err());
    String text = Files.readString(svg);
    assertTrue(text.contains("8 of 10") && text.contains("3 of 10"), text);
    assertTrue(text.contains("30 of 40") && text.contains("31 of 40"), text);
    run = CommandRun.of("picture", json, svg, "--method", "rejected");
    assertEquals(0, run.status(), run.err());
    assertTrue(Files.readString(svg).contains("0 of 10"), "the one that is asked for");
    Files.writeString(json, compared.replace("\"released\": 2", "\"released\": 1"));
    run = CommandRun.of("picture", json, folder.resolve("none.svg"));
    assertEquals(1, run.status());
    assertTrue(run.err().contains("the release gate accepts"), run.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"over_refusal\": 3}",
        "{\"over_refusal\": {\"before\": {\"k\": 3, \"n\": 2}}}",
        "{\"over_refusal\": {\"before\": {\"k\": \"x\", \"n\": 2}}}"
      })
  void whatIsNoResultFailsInOneLineAndWritesNothing(String text) throws IOException {
    Path json = Files.writeString(folder.resolve("r.json"), text);
    Path svg = folder.resolve("r.svg");
    CommandRun run = CommandRun.of("picture", json, svg);
    assertEquals(1, run.status());
    assertEquals(1, run.errorLines().size(), run.err());
    assertTrue(run.err().contains("over_refusal"), run.err());
    assertFalse(Files.exists(svg));
  }
}
