package org.alignment4j.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** What the repository's poms say, as text and without inheritance. */
final class Poms {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  static final Path API = ROOT.resolve("alignment-api");

  private final Document pom;

  private Poms(Document pom) {
    this.pom = pom;
  }

  static Poms in(Path folder) throws IOException {
    try {
      return new Poms(
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(folder.resolve("pom.xml").toFile()));
    } catch (ParserConfigurationException | SAXException e) {
      throw new IOException(folder + ": " + e.getMessage(), e);
    }
  }

  /** A child of the project, or of its properties. */
  Optional<String> value(String name) {
    Optional<String> own = child(pom.getDocumentElement(), name);
    return own.isPresent()
        ? own
        : elements("properties").stream()
            .map(properties -> child(properties, name))
            .flatMap(Optional::stream)
            .findFirst();
  }

  List<Element> elements(String name) {
    NodeList found = pom.getElementsByTagName(name);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < found.getLength(); i++) {
      elements.add((Element) found.item(i));
    }
    return elements;
  }

  static Optional<String> child(Element parent, String name) {
    for (var node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node.getNodeName().equals(name)) {
        return Optional.of(node.getTextContent());
      }
    }
    return Optional.empty();
  }

  /** The version of a plugin, wherever it is named. */
  String plugin(String artifact) {
    return elements("plugin").stream()
        .filter(plugin -> child(plugin, "artifactId").equals(Optional.of(artifact)))
        .map(plugin -> child(plugin, "version"))
        .flatMap(Optional::stream)
        .findFirst()
        .orElseThrow(() -> new AssertionError(artifact));
  }
}
