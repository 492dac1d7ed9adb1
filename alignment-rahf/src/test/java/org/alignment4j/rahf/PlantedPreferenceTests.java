package org.alignment4j.rahf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every method on a model in which a preference is planted. */
class PlantedPreferenceTests {
  @TempDir static Path folder;
  private static PlantedPreference planted;

  @BeforeAll
  static void load() throws IOException {
    planted = new PlantedPreference(folder);
  }

  @AfterAll
  static void close() {
    planted.close();
  }

  @Test
  void theStartModelHasNoPreference() {
    // Pairs with as many words of either style are close, and fall by how the training rounded.
    double accuracy = planted.accuracyBefore(0.1);
    assertEquals(0.5, accuracy, 0.15);
  }

  @ParameterizedTest
  @EnumSource(
      value = PreferenceMethod.class,
      names = {"DPO", "RAHF_DUAL"})
  void thePlantedPreferenceIsLearned(PreferenceMethod method) {
    planted.assertLearned(method, 1);
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource(
      value = PreferenceMethod.class,
      names = {"SFT", "WEIGHT_EXTRAPOLATION"})
  void thePlantedPreferenceIsLearnedByTheOthers(PreferenceMethod method) {
    planted.assertLearned(method, 1);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(longs = {2, 3, 4, 5})
  void dpoLearnsItFromEverySeed(long seed) {
    planted.assertLearned(PreferenceMethod.DPO, seed);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void scitLearnsItFromEverySeed(long seed) {
    planted.assertLearned(PreferenceMethod.RAHF_SCIT, seed);
  }
}
