package org.alignment4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.alignment4j.evaluation.OverRefusal.ComplianceSummary.RefusalGap;
import org.junit.jupiter.api.Test;

class RefusalGapTests {
  /** Newcombe 1998, table II, method 10. */
  @Test
  void intervalsAreThePublishedOnes() {
    assertGap(56, 70, 48, 80, 0.2, 0.0524, 0.3339);
    assertGap(6, 7, 2, 7, 0.5714, 0.0582, 0.8062);
    assertGap(0, 10, 0, 20, 0, -0.1611, 0.2775);
    assertGap(10, 10, 0, 10, 1, 0.6075, 1);
  }

  private static void assertGap(
      int k, int n, int j, int m, double difference, double lo, double hi) {
    RefusalGap gap = new RefusalGap(new Rate(k, n), new Rate(j, m));
    assertEquals(difference, gap.difference(), 5e-5);
    assertEquals(lo, gap.lo(), 5e-5);
    assertEquals(hi, gap.hi(), 5e-5);
  }

  @Test
  void withoutPromptsOfAKindThereIsNone() {
    assertNull(new RefusalGap(new Rate(0, 0), new Rate(1, 2)).toMap().get("delta_rr"));
  }
}
