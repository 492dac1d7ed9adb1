package org.alignment4j.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows between modules: method modules do not know each other, only examples prints. */
class ArchitectureTests {
  private static final List<String> METHODS =
      List.of(
          "org.alignment4j.actor..",
          "org.alignment4j.rahf..",
          "org.alignment4j.sysformer..",
          "org.alignment4j.data..");
  private static final String EXAMPLES = "org.alignment4j.examples..";

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
