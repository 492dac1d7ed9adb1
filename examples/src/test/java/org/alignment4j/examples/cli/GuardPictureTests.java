package org.alignment4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.sysformer.AttackReport;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class GuardPictureTests {
  private static final String HOSTILE =
      "</text></svg><script>alert('1')</script>&\"|\n\u001B[2J\u0000\u202E\uD800[x](javascript:1)";

  @Test
  void hostileNamesStayTextInThePicture() throws Exception {
    Document picture =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(new GuardPicture(table()).svg())));
    List<String> known = List.of("svg", "title", "rect", "circle", "text", "line");
    NodeList all = picture.getElementsByTagName("*");
    for (int i = 0; i < all.getLength(); i++) {
      assertTrue(known.contains(all.item(i).getNodeName()), all.item(i).getNodeName());
    }
    assertTrue(picture.getDocumentElement().getTextContent().contains("<script>alert('1')"));
  }

  @Test
  void hostileNamesStayOneCellInTheTable() {
    String[] lines = table().markdown().split("\n");
    assertEquals(13, lines[0].split("(?<!\\\\)\\|", -1).length, lines[0]);
    for (int i = 0; i < 3; i++) {
      assertEquals(13, lines[i].split("(?<!\\\\)\\|", -1).length, lines[i]);
      assertTrue(lines[i].chars().noneMatch(c -> c == 0x1B || c == '<' || c == 0x202E), lines[i]);
    }
  }

  private static GuardTable table() {
    List<AttackReport.Entry> entries = new ArrayList<>();
    entries.add(new AttackReport.Entry(HOSTILE, true, null, new Rate(3, 4)));
    entries.add(new AttackReport.Entry("safe", false, null, new Rate(1, 4)));
    GuardTable.Row row = new GuardTable.Row(HOSTILE, "", new AttackReport(entries), 1, null, null);
    return new GuardTable(List.of(row), List.of(), List.of());
  }
}
