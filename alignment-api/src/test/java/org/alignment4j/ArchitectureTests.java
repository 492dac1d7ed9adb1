package org.alignment4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import ai.djl.ndarray.types.DataType;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The arrows between packages point downward, and what kills the JVM is not called. Rules are
 * methods: the test runner leaves out rules in fields when it is told which classes to run.
 */
@AnalyzeClasses(packages = "org.alignment4j", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {
  /** Top to bottom; a package knows only those after it. */
  private static final List<String> ORDER =
      List.of(
          "org.alignment4j",
          "org.alignment4j.safety",
          "org.alignment4j.synthesis",
          "org.alignment4j.evaluation",
          "org.alignment4j.tune",
          "org.alignment4j.reading",
          "org.alignment4j.steering",
          "org.alignment4j.model",
          "org.alignment4j.chat",
          "org.alignment4j.adapter",
          "org.alignment4j.train",
          "org.alignment4j.analysis",
          "org.alignment4j.internal.statistics",
          "org.alignment4j.internal.tokenizer",
          "org.alignment4j.internal.tensor",
          "org.alignment4j.internal.host",
          "org.alignment4j.core",
          "org.alignment4j.internal.text");

  @ArchTest
  static void packagesKnowOnlyThoseBelow(JavaClasses classes) {
    List<String> above = new ArrayList<>();
    for (String own : ORDER) {
      if (!above.isEmpty()) {
        noClasses()
            .that()
            .resideInAPackage(own)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(above.toArray(String[]::new))
            .allowEmptyShould(true)
            .check(classes);
      }
      above.add(own);
    }
  }

  @ArchTest
  static void everyPackageHasItsPlaceInTheOrder(JavaClasses classes) {
    noClasses()
        .that()
        .resideInAPackage("org.alignment4j..")
        .should()
        .resideOutsideOfPackages(ORDER.toArray(String[]::new))
        .check(classes);
  }

  /** Only examples prints. */
  @ArchTest
  static void nothingPrints(JavaClasses classes) {
    noClasses()
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .check(classes);
  }

  /** Arrays of these types make the engine's native code abort the JVM. */
  @ArchTest
  static void noArraysOfTypesThatAbort(JavaClasses classes) {
    Stream.of("BFLOAT16", "INT16")
        .forEach(type -> noClasses().should().accessField(DataType.class, type).check(classes));
  }

  /** They cut the gradient silently; gradients are asked for by torch.grad in kernels. */
  @ArchTest
  static void nothingCutsOrAccumulatesGradients(JavaClasses classes) {
    noClasses()
        .should()
        .callMethod(
            ai.djl.training.GradientCollector.class, "backward", ai.djl.ndarray.NDArray.class)
        .orShould()
        .callMethod(ai.djl.ndarray.NDArray.class, "getGradient")
        .orShould()
        .callMethod(ai.djl.ndarray.NDArray.class, "duplicate")
        .check(classes);
  }
}
