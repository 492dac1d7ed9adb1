package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alignment4j.internal.host.NativeFailure;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/**
 * The BOM has no parent, which importing it would pin too, and so repeats what it must agree on.
 */
class PomsTests {
  private static final Pattern COORDINATES =
      Pattern.compile("([a-z][a-z0-9.]+:[a-z][a-zA-Z0-9_.-]+):([0-9][0-9A-Za-z.-]*[0-9A-Za-z])");

  private static final Path BOM = Poms.API.resolve("bom");
  private static final Path RUNTIME = Poms.API.resolve("runtime");

  @Test
  void theBomPinsOurArtifactsAndTheirNativesOnly() throws IOException {
    Poms bom = Poms.in(BOM);
    assertEquals(Optional.empty(), bom.value("parent"));
    Set<String> ours = new TreeSet<>();
    for (Element dependency : bom.elements("dependency")) {
      String group = Poms.child(dependency, "groupId").orElseThrow();
      String artifact = Poms.child(dependency, "artifactId").orElseThrow();
      if (group.equals("org.alignment4j")) {
        ours.add(artifact);
      } else {
        assertTrue(
            Set.of("pytorch-jni", "pytorch-native-cpu", "nd4j-native", "openblas", "javacpp")
                .contains(artifact),
            artifact);
      }
      assertTrue(!Optional.of("import").equals(Poms.child(dependency, "scope")), artifact);
    }
    Set<String> modules = new TreeSet<>(Set.of("alignment-api"));
    Stream.of("actor", "rahf", "sysformer", "data").forEach(m -> modules.add("alignment-" + m));
    platforms().forEach(platform -> modules.add("alignment-runtime-" + platform));
    assertEquals(modules, ours);
  }

  @Test
  void theBomAgreesWithTheParent() throws IOException {
    Poms bom = Poms.in(BOM);
    Poms parent = Poms.in(Poms.ROOT);
    for (String name : Set.of("version", "djl.version", "nd4j.version")) {
      assertEquals(parent.value(name), bom.value(name), name);
    }
    for (Element plugin : bom.elements("plugin")) {
      String artifact = Poms.child(plugin, "artifactId").orElseThrow();
      assertEquals(parent.plugin(artifact), bom.plugin(artifact), artifact);
    }
  }

  @Test
  void eachPlatformIsAModuleAndNamedWhereItMatters() throws IOException {
    Set<String> modules =
        Poms.in(RUNTIME).elements("module").stream()
            .map(Element::getTextContent)
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(platforms(), modules);
    String readme = Files.readString(Poms.ROOT.resolve("README.md"));
    for (String platform : modules) {
      assertEquals(
          Optional.of("alignment-runtime-" + platform),
          Poms.in(RUNTIME.resolve(platform)).value("artifactId"));
      assertTrue(readme.contains("`-" + platform + "`"), platform);
      assertTrue(NativeFailure.ADD_RUNTIME.contains(" " + platform), platform);
    }
  }

  /** Documents and messages tell users which library to add. */
  @Test
  void coordinatesInTextsHaveTheBuildsVersions() throws IOException {
    Map<String, String> versions = new TreeMap<>();
    for (Path folder : List.of(Poms.ROOT, BOM)) {
      Poms pom = Poms.in(folder);
      for (Element dependency : pom.elements("dependency")) {
        Poms.child(dependency, "version")
            .ifPresent(
                version ->
                    versions.put(
                        Poms.child(dependency, "groupId").orElseThrow()
                            + ":"
                            + Poms.child(dependency, "artifactId").orElseThrow(),
                        version.startsWith("${")
                            ? pom.value(version.replaceAll("[${}]|project[.]", "")).orElse("")
                            : version));
      }
    }
    Set<String> seen = new TreeSet<>();
    for (Path file : texts()) {
      for (Matcher m = COORDINATES.matcher(Files.readString(file)); m.find(); ) {
        if (versions.containsKey(m.group(1))) {
          seen.add(m.group(1));
          assertEquals(versions.get(m.group(1)), m.group(2), file + ": " + m.group());
        }
      }
    }
    assertTrue(seen.size() >= 6, seen::toString);
  }

  private static List<Path> texts() throws IOException {
    List<Path> texts = new ArrayList<>(List.of(Poms.ROOT.resolve("README.md")));
    for (Path folder :
        List.of(
            Poms.ROOT.resolve("docs"),
            Poms.API.resolve("src/main"),
            Poms.ROOT.resolve("alignment-data/src/main"))) {
      try (Stream<Path> files = Files.walk(folder)) {
        files.filter(f -> f.toString().matches(".*[.](?:md|java)")).forEach(texts::add);
      }
    }
    return texts;
  }

  private static Set<String> platforms() throws IOException {
    try (Stream<Path> folders = Files.list(RUNTIME)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("pom.xml")))
          .map(folder -> folder.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
