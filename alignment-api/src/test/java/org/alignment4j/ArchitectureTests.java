package org.alignment4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import ai.djl.ndarray.types.DataType;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The arrows between packages point downward, and what kills the JVM is not called. */
@AnalyzeClasses(packages = "org.alignment4j", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {
  /** Top to bottom; a package knows only those after it. */
  private static final List<String> ORDER =
      List.of(
          "org.alignment4j",
          "org.alignment4j.evaluation",
          "org.alignment4j.tune",
          "org.alignment4j.model",
          "org.alignment4j.adapter",
          "org.alignment4j.train",
          "org.alignment4j.analysis",
          "org.alignment4j.tensor",
          "org.alignment4j.core");

  @ArchTest
  static void packagesKnowOnlyThoseBelow(com.tngtech.archunit.core.domain.JavaClasses classes) {
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
  static void everyPackageHasItsPlaceInTheOrder(
      com.tngtech.archunit.core.domain.JavaClasses classes) {
    noClasses()
        .that()
        .resideInAPackage("org.alignment4j..")
        .should()
        .resideOutsideOfPackages(ORDER.toArray(String[]::new))
        .check(classes);
  }

  /** Only examples prints. */
  @ArchTest
  static final ArchRule NOTHING_PRINTS =
      noClasses()
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .orShould()
          .callMethod(Throwable.class, "printStackTrace");

  /** Arrays of these types make the engine's native code abort the JVM. */
  @ArchTest
  static void noArraysOfTypesThatAbort(com.tngtech.archunit.core.domain.JavaClasses classes) {
    Stream.of("BFLOAT16", "INT16")
        .forEach(type -> noClasses().should().accessField(DataType.class, type).check(classes));
  }

  /** They cut the gradient silently; gradients are asked for by torch.grad in kernels. */
  @ArchTest
  static final ArchRule NO_CALLS_THAT_CUT_OR_ACCUMULATE_GRADIENTS =
      noClasses()
          .should()
          .callMethod(
              ai.djl.training.GradientCollector.class, "backward", ai.djl.ndarray.NDArray.class)
          .orShould()
          .callMethod(ai.djl.ndarray.NDArray.class, "getGradient")
          .orShould()
          .callMethod(ai.djl.ndarray.NDArray.class, "duplicate");
}
