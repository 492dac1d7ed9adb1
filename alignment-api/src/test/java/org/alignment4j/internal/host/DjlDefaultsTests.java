package org.alignment4j.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DjlDefaultsTests {
  private final String offline = System.getProperty("ai.djl.offline", "");

  @AfterEach
  void restore() {
    if (offline.isEmpty()) {
      System.clearProperty("ai.djl.offline");
    } else {
      System.setProperty("ai.djl.offline", offline);
    }
  }

  @Test
  void theApplicationsChoiceStands() {
    System.setProperty("ai.djl.offline", "false");
    DjlDefaults.apply();
    assertEquals("false", System.getProperty("ai.djl.offline"));
  }

  @Test
  void withoutAChoiceNothingIsDownloadedOrReported() {
    System.clearProperty("ai.djl.offline");
    DjlDefaults.apply();
    assertEquals("true", chosen("DJL_OFFLINE", "ai.djl.offline"));
    assertEquals("true", chosen("OPT_OUT_TRACKING", "OPT_OUT_TRACKING"));
  }

  private static String chosen(String variable, String property) {
    String environment = System.getenv(variable);
    return environment != null ? environment : System.getProperty(property, "");
  }
}
