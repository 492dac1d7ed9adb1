package org.alignment4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Reads pages back. */
final class Pages {
  private static final String SVG = "xmlns=\"http://www.w3.org/2000/svg\"";

  private Pages() {}

  /** The page, which is well-formed and asks for nothing. */
  static Document check(String html) throws Exception {
    Document page =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(html.getBytes(StandardCharsets.UTF_8)));
    String rest = html.replace(SVG, "");
    for (String loads : List.of("http", "<script", "url(", "src=", "href=", "@import", "NaN")) {
      assertFalse(rest.contains(loads), loads);
    }
    for (Element svg : all(page, "svg")) {
      assertTrue(svg.getAttribute("role").equals("img") && svg.hasAttribute("viewBox"));
      assertTrue(svg.getFirstChild().getNextSibling().getNodeName().equals("title"));
    }
    return page;
  }

  /** What the page says, without its style. */
  static String text(Document page) {
    return ((Element) page.getElementsByTagName("body").item(0)).getTextContent();
  }

  static List<Element> all(Document page, String tag) {
    NodeList nodes = page.getElementsByTagName(tag);
    List<Element> all = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      all.add((Element) nodes.item(i));
    }
    return all;
  }
}
