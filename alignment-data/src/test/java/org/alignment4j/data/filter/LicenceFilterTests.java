package org.alignment4j.data.filter;

import static org.alignment4j.data.filter.LicenceFilter.Decision.ALLOWED;
import static org.alignment4j.data.filter.LicenceFilter.Decision.NOT_ALLOWED;
import static org.alignment4j.data.filter.LicenceFilter.Decision.UNKNOWN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LicenceFilterTests {
  @ParameterizedTest
  @CsvSource({
    "MIT, ALLOWED",
    "' mit ', ALLOWED",
    "CC-BY-4.0, ALLOWED",
    "CC-BY-SA-4.0, NOT_ALLOWED",
    "CC-BY-NC-4.0, NOT_ALLOWED",
    "GPL-3.0-only, NOT_ALLOWED",
    "GPL-2.0-only OR MIT, ALLOWED",
    "MIT AND CC-BY-NC-4.0, NOT_ALLOWED",
    "MIT AND Apache-2.0, ALLOWED",
    "GPL-3.0-only OR MIT AND Apache-2.0, ALLOWED",
    "MIT AND GPL-3.0-only OR GPL-2.0-only, NOT_ALLOWED",
    "(MIT), NOT_ALLOWED",
    "MIT OR, NOT_ALLOWED",
    "NONE, NOT_ALLOWED",
    "'', UNKNOWN",
    "' ', UNKNOWN",
    "NOASSERTION, UNKNOWN",
    "Unknown, UNKNOWN"
  })
  void theListDecides(String licence, LicenceFilter.Decision expected) {
    assertEquals(expected, LicenceFilter.permissive().decide(licence));
  }

  @Test
  void unknownLicencesOnlyIfAskedFor() {
    assertEquals(ALLOWED, LicenceFilter.permissive().withUnknown().decide(""));
    assertEquals(NOT_ALLOWED, LicenceFilter.permissive().withUnknown().decide("GPL-3.0-only"));
  }

  @Test
  void ownLists() {
    LicenceFilter filter = LicenceFilter.of(List.of("CC-BY-SA-4.0"));
    assertEquals(ALLOWED, filter.decide("cc-by-sa-4.0"));
    assertEquals(NOT_ALLOWED, filter.decide("MIT"));
    assertEquals(UNKNOWN, filter.decide(""));
    assertThrows(IllegalArgumentException.class, () -> LicenceFilter.of(List.of(" ")));
  }
}
