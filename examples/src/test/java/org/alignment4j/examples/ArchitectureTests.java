package org.alignment4j.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.common.collect.Sets;
import com.google.gson.stream.JsonReader;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The arrows between modules and between the commands' packages: method modules do not know each
 * other, only examples prints.
 */
class ArchitectureTests {
  private static final List<String> METHODS =
      List.of(
          "org.alignment4j.actor..",
          "org.alignment4j.rahf..",
          "org.alignment4j.sysformer..",
          "org.alignment4j.data..");
  private static final String EXAMPLES = "org.alignment4j.examples..";
  private static final String CLI = "org.alignment4j.examples.cli";

  /** What all commands share, from the bottom up: each knows only those before it. */
  private static final List<String> SHARED = List.of("output", "input", "option", "command");

  /** Each group of commands with the other groups that it may know; all know what is shared. */
  private static final Map<String, Set<String>> GROUPS =
      Map.of(
          "model", Set.of(),
          "read", Set.of(),
          "evaluate", Set.of(),
          "tune", Set.of("evaluate"),
          "guard", Set.of("evaluate"),
          "demo", Set.of("evaluate"),
          "overrefusal", Set.of(),
          "compare", Set.of("evaluate", "tune", "overrefusal"),
          "synthesize", Set.of());

  /** Each with files that nobody else gives: temporary ones, the system's, links to advise of. */
  private static final Set<String> OWN_FILES =
      Set.of(
          "FirstRead",
          "InputFile",
          "OutputFile",
          "AvailableMemory",
          "ProcessorUse",
          "FolderTrust",
          "NativeFolder",
          "NativeFailure",
          "ProcessMemory",
          "Console",
          "Kernels",
          "TorchScriptArchive",
          "PrefixCache",
          "CheckpointFolder",
          "ReadingJournal",
          "ModelPath",
          "GgufFile",
          "NamedFiles",
          "TokenizerFile");

  private static final Set<String> OPENERS =
      Set.of(
          "java.io.FileInputStream",
          "java.io.FileOutputStream",
          "java.io.FileReader",
          "java.io.FileWriter",
          "java.io.RandomAccessFile");

  private static JavaClasses classes;

  @BeforeAll
  static void read() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("org.alignment4j");
  }

  @Test
  void methodModulesDoNotKnowEachOther() {
    for (String own : METHODS) {
      String[] others = METHODS.stream().filter(m -> !m.equals(own)).toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage(own)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(others)
          .allowEmptyShould(true)
          .check(classes);
    }
  }

  @Test
  void theApiKnowsNoMethod() {
    noClasses()
        .that()
        .resideOutsideOfPackages(METHODS.toArray(String[]::new))
        .and()
        .resideOutsideOfPackage(EXAMPLES)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(METHODS.toArray(String[]::new))
        .check(classes);
  }

  @Test
  void nobodyKnowsTheExamples() {
    noClasses()
        .that()
        .resideOutsideOfPackage(EXAMPLES)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(EXAMPLES)
        .check(classes);
  }

  @Test
  void arrowsBetweenCommandsPointDown() {
    for (int i = 0; i < SHARED.size(); i++) {
      knowsOnly(SHARED.get(i), Set.copyOf(SHARED.subList(0, i)));
    }
    GROUPS.forEach((group, others) -> knowsOnly(group, Sets.union(others, Set.copyOf(SHARED))));
    Set<String> places =
        classes.stream()
            .map(JavaClass::getPackageName)
            .filter(name -> name.startsWith(CLI + "."))
            .map(name -> name.substring(CLI.length() + 1))
            .collect(Collectors.toSet());
    assertEquals(Sets.union(GROUPS.keySet(), Set.copyOf(SHARED)), places);
    slices().matching("org.alignment4j.examples.(**)").should().beFreeOfCycles().check(classes);
  }

  private static void knowsOnly(String own, Set<String> others) {
    noClasses()
        .that()
        .resideInAPackage(CLI + "." + own)
        .should()
        .dependOnClassesThat(
            DescribedPredicate.describe(
                "are of the command line, but not of " + others,
                (JavaClass c) ->
                    c.getPackageName().startsWith(CLI)
                        && !c.getPackageName().equals(CLI + "." + own)
                        && others.stream()
                            .noneMatch(o -> c.getPackageName().equals(CLI + "." + o))))
        .check(classes);
  }

  /**
   * What takes a broken link for an absent file, hangs on a pipe, reads a device for ever or leaves
   * half a file is called in {@link org.alignment4j.internal.host.InputFile} and {@link
   * org.alignment4j.internal.host.OutputFile} only, and by those that have files to themselves.
   */
  @Test
  void filesAreReadAndWrittenInOnePlace() {
    noClasses()
        .that(
            DescribedPredicate.describe(
                "have no files to themselves",
                (JavaClass c) ->
                    !OWN_FILES.contains(
                        c.getName().replaceFirst("\\$.*", "").replaceFirst(".*\\.", ""))))
        .should()
        .accessTargetWhere(
            DescribedPredicate.describe(
                "a file is opened, copied or taken for absent",
                access -> opens(access.getTargetOwner(), access.getName())))
        .check(classes);
  }

  private static boolean opens(JavaClass owner, String method) {
    return OPENERS.contains(owner.getName())
        || owner.isEquivalentTo(ImageIO.class)
        || (owner.isEquivalentTo(FileChannel.class) && method.equals("open"))
        || owner.isEquivalentTo(Files.class)
            && method.matches(
                "exists|notExists|isRegularFile|isReadable|size|copy|lines|readAll.*|readString|write.*"
                    + "|new(Input|Output)Stream|newBuffered.*|newByteChannel|createTemp.*");
  }

  /**
   * Strict JSON has one reader, {@link org.alignment4j.internal.text.StrictJson}, and endpoints'
   * answers, which are not always JSON, another.
   */
  @Test
  void jsonIsReadInOnePlace() {
    Set<String> readers = Set.of("StrictJson", "CompletionBody");
    noClasses()
        .that(
            DescribedPredicate.describe(
                "are no readers of JSON", (JavaClass c) -> !readers.contains(c.getSimpleName())))
        .should()
        .accessTargetWhere(
            DescribedPredicate.describe(
                "JSON is parsed",
                access ->
                    access.getTargetOwner().getName().equals("com.google.gson.JsonParser")
                        || (access.getTargetOwner().getName().equals(JsonReader.class.getName())
                            && access.getName().equals("<init>"))))
        .check(classes);
  }

  @Test
  void onlyExamplesPrints() {
    noClasses()
        .that()
        .resideOutsideOfPackage(EXAMPLES)
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(classes);
  }
}
