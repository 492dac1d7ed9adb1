package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against outputs computed by Hugging Face transformers in float32. */
class ParityTests {
  private static final Path CHECKPOINTS = Path.of("src/test/resources/parity");

  static Stream<Path> checkpoints() throws IOException {
    return Files.list(CHECKPOINTS).sorted();
  }

  static Stream<Arguments> halves() throws IOException {
    return checkpoints()
        .flatMap(
            c ->
                Stream.of(Precision.values())
                    .filter(p -> p != Precision.FLOAT32)
                    .map(p -> Arguments.of(c, p)));
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void agreesWithTransformers(Path checkpoint) {
    Parity parity = Parity.verify(checkpoint);
    assertTrue(parity.passed(), parity::toString);
  }

  /** A family with everything that others have in part. */
  static Stream<Arguments> halvesOfOne() throws IOException {
    return halves().filter(a -> ((Path) a.get()[0]).endsWith("gemma2"));
  }

  @ParameterizedTest
  @MethodSource("halvesOfOne")
  void oneFamilyStaysNearInEveryOtherPrecision(Path checkpoint, Precision precision) {
    Parity parity = Parity.verify(checkpoint, precision);
    assertTrue(parity.passed(), parity::toString);
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("halves")
  void staysNearInEveryOtherPrecision(Path checkpoint, Precision precision) {
    Parity parity = Parity.verify(checkpoint, precision);
    assertTrue(parity.passed(), parity::toString);
  }
}
