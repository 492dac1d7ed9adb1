package org.alignment4j.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What users can name stays small and known: public top-level types outside of internal packages.
 * Written anew by {@code -Dalignment4j.writePublicApi=true}, so that a change is seen in review.
 */
class PublicFaceTests {
  private static final int MOST = 138;
  private static final int MOST_OF_A_PACKAGE = 8;
  private static final Path ROOT = root();
  private static final Path SIGNATURES =
      ROOT.resolve("examples/src/test/resources/org/alignment4j/examples/public-api.txt");

  /** A row of the table of exceptions in architecture.md: package, number of types, reason. */
  private static final Pattern EXCEPTION =
      Pattern.compile("\\| `(\\.[a-z.]+)` \\| (\\d+) public types \\| .{20,} \\|");

  private static JavaClasses all;
  private static List<JavaClass> face;

  /** Nested types by the name of the type they are in, sorted. */
  private static final Map<String, List<JavaClass>> NESTED = new TreeMap<>();

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("README.md")) ? here : here.getParent();
  }

  @BeforeAll
  static void read() {
    all =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("org.alignment4j");
    all.stream()
        .sorted(Comparator.comparing(JavaClass::getName))
        .forEach(
            c ->
                c.getEnclosingClass()
                    .filter(outer -> !c.isAnonymousClass() && !c.isLocalClass())
                    .ifPresent(
                        outer ->
                            NESTED
                                .computeIfAbsent(outer.getName(), n -> new ArrayList<>())
                                .add(c)));
    face =
        all.stream()
            .filter(JavaClass::isTopLevelClass)
            .filter(c -> c.getModifiers().contains(JavaModifier.PUBLIC))
            .filter(c -> !ofExamples(c.getPackageName()) && !internal(c.getName()))
            .sorted(Comparator.comparing(JavaClass::getName))
            .toList();
  }

  private static boolean ofExamples(String packageName) {
    return packageName.startsWith("org.alignment4j.examples");
  }

  private static boolean internal(String name) {
    return name.startsWith("org.alignment4j.") && name.contains(".internal.");
  }

  @Test
  void publicTypesAreFew() {
    assertTrue(
        face.size() <= MOST,
        face.size() + " public types, at most " + MOST + ": nest one or hide it");
  }

  @Test
  void aPackageShowsFewTypesOrSaysWhyNot() throws IOException {
    Map<String, Integer> reasons = new TreeMap<>();
    Matcher rows = EXCEPTION.matcher(Files.readString(ROOT.resolve("docs/architecture.md")));
    while (rows.find()) {
      reasons.put("org.alignment4j" + rows.group(1), Integer.valueOf(rows.group(2)));
    }
    Map<String, Long> counts =
        face.stream()
            .collect(
                Collectors.groupingBy(
                    JavaClass::getPackageName, TreeMap::new, Collectors.counting()));
    counts.forEach(
        (name, count) ->
            assertTrue(
                count <= reasons.getOrDefault(name, MOST_OF_A_PACKAGE),
                "%s has %d public types, %d are allowed; more need a reason in architecture.md"
                    .formatted(name, count, reasons.getOrDefault(name, MOST_OF_A_PACKAGE))));
  }

  /** A type that neither documents, programs nor another public type name is nobody's to use. */
  @Test
  void everyPublicTypeIsNamedSomewhere() throws IOException {
    String documents = documents();
    Set<String> named = new TreeSet<>();
    for (JavaClass c : face) {
      for (String type : namedBy(c)) {
        if (!type.equals(c.getName())) {
          named.add(type);
        }
      }
    }
    for (JavaClass c : all) {
      if (ofExamples(c.getPackageName())) {
        c.getDirectDependenciesFromSelf()
            .forEach(d -> named.add(topLevel(d.getTargetClass().getName())));
      }
    }
    List<String> nowhere =
        face.stream()
            .filter(c -> !named.contains(c.getName()))
            .filter(c -> !documents.matches("(?s).*\\b" + c.getSimpleName() + "\\b.*"))
            .map(JavaClass::getName)
            .toList();
    assertEquals(List.of(), nowhere, "named in no document, program or public signature");
  }

  @Test
  void nothingInternalIsInAPublicSignature() {
    List<String> seen = new ArrayList<>();
    for (JavaClass c : face) {
      for (String type : namedBy(c)) {
        if (internal(type)) {
          seen.add(c.getName() + " shows " + type);
        }
      }
    }
    assertEquals(List.of(), seen);
  }

  /** The command line is ours; what documents show as programs of users is not. */
  @Test
  void programsOfTheDocumentsUseNothingInternal() {
    List<String> seen =
        all.stream()
            .filter(c -> c.getPackageName().equals("org.alignment4j.examples"))
            .flatMap(c -> c.getDirectDependenciesFromSelf().stream())
            .filter(d -> internal(d.getTargetClass().getName()))
            .map(Object::toString)
            .toList();
    assertEquals(List.of(), seen);
  }

  @Test
  void simpleNamesAreUnique() {
    Map<String, List<String>> byName = new TreeMap<>();
    all.stream()
        .filter(JavaClass::isTopLevelClass)
        .filter(c -> !c.getSimpleName().equals("package-info"))
        .forEach(
            c ->
                byName.computeIfAbsent(c.getSimpleName(), n -> new ArrayList<>()).add(c.getName()));
    byName.values().removeIf(names -> names.size() == 1);
    assertEquals(Map.of(), byName, "one name for two things");
  }

  @Test
  void thePublicFaceIsTheOneOnRecord() throws IOException {
    String now =
        face.stream().flatMap(c -> lines(c, "")).collect(Collectors.joining("\n", "", "\n"));
    if (Boolean.getBoolean("alignment4j.writePublicApi")) {
      Files.createDirectories(SIGNATURES.getParent());
      Files.writeString(SIGNATURES, now, UTF_8);
    }
    List<String> recorded = Files.readString(SIGNATURES, UTF_8).lines().toList();
    List<String> added = new ArrayList<>(now.lines().toList());
    recorded.forEach(added::remove);
    List<String> removed = new ArrayList<>(recorded);
    now.lines().forEach(removed::remove);
    assertTrue(
        added.isEmpty() && removed.isEmpty(),
        () ->
            "the public face has changed; if it is meant, write it anew with"
                + " -Dalignment4j.writePublicApi=true\nadded:\n  "
                + String.join("\n  ", added)
                + "\nremoved:\n  "
                + String.join("\n  ", removed));
    assertEquals(
        String.join("\n", recorded), now.strip().lines().collect(Collectors.joining("\n")));
  }

  private static String documents() throws IOException {
    try (Stream<Path> pages = Files.list(ROOT.resolve("docs"))) {
      StringBuilder text = new StringBuilder();
      for (Path page :
          Stream.concat(
                  pages.filter(p -> p.toString().endsWith(".md")),
                  Stream.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")))
              .toList()) {
        text.append(Files.readString(page));
      }
      return text.toString();
    }
  }

  private static String topLevel(String name) {
    return name.replaceFirst("^\\[+L?", "").replaceFirst("[$;].*", "");
  }

  /** Types of this library that the public face of a class names. */
  private static Set<String> namedBy(JavaClass c) {
    Pattern types = Pattern.compile("~([\\w.$]+)");
    return lines(c, "")
        .flatMap(line -> types.matcher(line).results())
        .map(found -> topLevel("org.alignment4j." + found.group(1)))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean shown(JavaClass of, Set<JavaModifier> modifiers) {
    boolean extended = !of.getModifiers().contains(JavaModifier.FINAL);
    return !modifiers.contains(JavaModifier.SYNTHETIC)
        && (modifiers.contains(JavaModifier.PUBLIC)
            || (extended && modifiers.contains(JavaModifier.PROTECTED)));
  }

  /** A class and what it shows, one line each, sorted; its nested types indented. */
  private static Stream<String> lines(JavaClass c, String indent) {
    Stream<String> members =
        c.getMembers().stream()
            .filter(m -> shown(c, m.getModifiers()) && !known(c, m))
            .map(m -> indent + "  " + line(c, m))
            .sorted();
    Stream<String> nested =
        NESTED.getOrDefault(c.getName(), List.of()).stream()
            .filter(n -> shown(c, n.getModifiers()))
            .flatMap(n -> lines(n, indent + "  "));
    return Stream.of(Stream.of(indent + head(c)), members, nested).flatMap(s -> s);
  }

  /** What every record and enum has says nothing. */
  private static boolean known(JavaClass c, JavaMember m) {
    String name = m.getName();
    return Set.of("toString", "hashCode", "equals", "<clinit>").contains(name)
        || c.isEnum() && (name.equals("values") || name.equals("valueOf"));
  }

  private static String head(JavaClass c) {
    boolean type = !c.isInterface() && !c.isRecord() && !c.isEnum();
    String kind =
        c.isAnnotation()
            ? "@interface "
            : c.isInterface()
                ? "interface "
                : c.isRecord() ? "record " : c.isEnum() ? "enum " : "class ";
    String variables =
        c.getTypeParameters().stream()
            .map(JavaType::getName)
            .collect(Collectors.joining(", ", "<", ">"));
    List<String> above = new ArrayList<>();
    c.getSuperclass().map(s -> shortly(s.getName())).filter(s -> type).ifPresent(above::add);
    c.getInterfaces().forEach(i -> above.add(shortly(i.getName())));
    above.remove("Object");
    return (type && c.getModifiers().contains(JavaModifier.ABSTRACT) ? "abstract " : "")
        + (type && c.getModifiers().contains(JavaModifier.FINAL) ? "final " : "")
        + kind
        + shortly(c.getName())
        + (variables.equals("<>") ? "" : variables)
        + (above.isEmpty() ? "" : " : " + String.join(", ", above));
  }

  private static String line(JavaClass c, JavaMember m) {
    Set<JavaModifier> modifiers = m.getModifiers();
    boolean isAbstract = modifiers.contains(JavaModifier.ABSTRACT);
    boolean isStatic = modifiers.contains(JavaModifier.STATIC);
    return (m.isAnnotatedWith(Deprecated.class) ? "deprecated " : "")
        + (modifiers.contains(JavaModifier.PROTECTED) ? "protected " : "")
        + (isStatic ? "static " : "")
        + (isAbstract && !c.isInterface() ? "abstract " : "")
        + (c.isInterface() && m instanceof JavaMethod && !isAbstract && !isStatic ? "default " : "")
        + signature(m);
  }

  private static String signature(JavaMember m) {
    if (m instanceof JavaField field) {
      return shortly(field.getType().getName()) + " " + field.getName();
    }
    JavaCodeUnit unit = (JavaCodeUnit) m;
    String variables =
        unit.getTypeParameters().stream()
            .map(v -> v.getName() + bounds(v.getUpperBounds()))
            .collect(Collectors.joining(", ", "<", "> "));
    String thrown =
        unit.getExceptionTypes().stream()
            .map(t -> shortly(t.getName()))
            .collect(Collectors.joining(", ", " throws ", ""));
    return (variables.equals("<> ") ? "" : variables)
        + (unit instanceof JavaConstructor
            ? "new"
            : shortly(unit.getReturnType().getName()) + " " + unit.getName())
        + unit.getParameterTypes().stream()
            .map(t -> shortly(t.getName()))
            .collect(Collectors.joining(", ", "(", ")"))
        + (thrown.equals(" throws ") ? "" : thrown);
  }

  private static String bounds(List<JavaType> bounds) {
    String all = bounds.stream().map(b -> shortly(b.getName())).collect(Collectors.joining(" & "));
    return all.isEmpty() || all.equals("Object") ? "" : " extends " + all;
  }

  /** The JDK's packages that everybody knows are left out; {@code ~} is this library's. */
  private static String shortly(String type) {
    return type.replaceAll(
            "\\bjava\\.(lang|util|util\\.function|util\\.stream|nio\\.file|time)\\.(?=[A-Z])", "")
        .replace("org.alignment4j.", "~");
  }
}
