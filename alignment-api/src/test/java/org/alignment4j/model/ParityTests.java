package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against outputs computed by Hugging Face transformers in float32. */
class ParityTests {
  @ParameterizedTest
  @ValueSource(strings = {"llama2", "llama3-ropescaled", "mistral", "qwen2", "qwen3"})
  void agreesWithTransformers(String family) {
    Parity parity = Parity.verify(Path.of("src/test/resources/parity", family));
    assertTrue(parity.passed(), parity::toString);
    System.out.println(parity);
  }
}
