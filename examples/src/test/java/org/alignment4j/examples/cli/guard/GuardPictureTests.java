package org.alignment4j.examples.cli.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.evaluation.TextHealth;
import org.alignment4j.sysformer.AttackEvaluator;
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
    assertEquals(15, lines[0].split("(?<!\\\\)\\|", -1).length, lines[0]);
    for (int i = 0; i < 3; i++) {
      assertEquals(15, lines[i].split("(?<!\\\\)\\|", -1).length, lines[i]);
      assertTrue(lines[i].chars().noneMatch(c -> c == 0x1B || c == '<' || c == 0x202E), lines[i]);
    }
  }

  @Test
  void hostileNamesAreCellsWhereGuardsAreComparedToo() {
    GuardTable.Row row = table().rows().get(0);
    String all = new GuardTable(List.of(row, row), List.of(), List.of()).markdown();
    assertTrue(all.contains("On the same prompts"), all);
    assertTrue(all.chars().noneMatch(c -> c == 0x1B || c == '<' || c == 0x202E), all);
  }

  /** Of four answers. */
  private static List<RefusalVerdict> verdicts(int refused) {
    List<RefusalVerdict> all =
        new ArrayList<>(Collections.nCopies(refused, RefusalVerdict.FULL_REFUSAL));
    all.addAll(Collections.nCopies(4 - refused, RefusalVerdict.FULL_COMPLIANCE));
    return all;
  }

  private static GuardTable table() {
    List<AttackEvaluator.Report.Entry> entries = new ArrayList<>();
    entries.add(new AttackEvaluator.Report.Entry(HOSTILE, true, null, verdicts(3)));
    entries.add(new AttackEvaluator.Report.Entry("safe", false, null, verdicts(1)));
    GuardTable.Row row =
        new GuardTable.Row(
            HOSTILE,
            "",
            new AttackEvaluator.Report(entries),
            1,
            null,
            null,
            null,
            TextHealth.of(List.of("An answer.")));
    return new GuardTable(List.of(row), List.of(), List.of());
  }
}
