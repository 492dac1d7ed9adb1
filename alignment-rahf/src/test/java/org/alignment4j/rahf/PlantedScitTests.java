package org.alignment4j.rahf;

import java.io.IOException;
import java.nio.file.Path;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HIR, and SCIT on more seeds than {@link PlantedPreferenceTests}, to run beside it. */
class PlantedScitTests {
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

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void hirLearnsBothInstructionsFromEverySeed(long seed) {
    planted.assertLearned(PreferenceMethod.HIR, seed);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(longs = {3, 4, 5})
  void scitLearnsItFromEverySeed(long seed) {
    planted.assertLearned(PreferenceMethod.RAHF_SCIT, seed);
  }
}
