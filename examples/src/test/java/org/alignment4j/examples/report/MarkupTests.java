package org.alignment4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.StringReader;
import java.util.Locale;
import javax.xml.parsers.DocumentBuilderFactory;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class MarkupTests {
  @Property(tries = 300)
  void anyTextIsOneTextAndOneAttribute(
      @ForAll
          @Chars({
            '<', '>', '&', '"', '\'', ']', '-', '\u0000', '\u001B', '\uD800', '\uFFFE', '\u202E'
          })
          String text)
      throws Exception {
    Element root = parsed(Markup.of("<a b=\"%s\" c='%s'>%s</a>", text, text, text));
    assertEquals(0, root.getElementsByTagName("*").getLength());
    assertEquals(2, root.getAttributes().getLength());
    assertEquals(text.length(), root.getTextContent().length());
    assertEquals(root.getTextContent(), root.getAttribute("b"));
    assertEquals(root.getTextContent(), root.getAttribute("c"));
  }

  @Test
  void numbersAndMarkupStayAsTheyAre() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      Markup inner = Markup.of("<b>%.1f</b>", 1.5);
      assertEquals(
          "<i>7<b>1.5</b>&lt;b&gt;</i>", Markup.of("<i>%d%s%s</i>", 7, inner, "<b>").toString());
    } finally {
      Locale.setDefault(before);
    }
  }

  private static Element parsed(Markup markup) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(markup.toString())))
        .getDocumentElement();
  }
}
