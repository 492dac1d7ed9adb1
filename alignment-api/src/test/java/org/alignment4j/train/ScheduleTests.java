package org.alignment4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.alignment4j.train.TrainingSettings.Schedule;
import org.junit.jupiter.api.Test;

class ScheduleTests {
  // transformers 5.18, get_*_schedule_with_warmup, base rate 1, warm-up 3 of 10 steps.
  private static final double[] LINEAR = {
    0,
    0.3333333333333333,
    0.6666666666666666,
    1,
    0.8571428571428571,
    0.7142857142857143,
    0.5714285714285714,
    0.42857142857142855,
    0.2857142857142857,
    0.14285714285714285,
    0
  };
  private static final double[] COSINE = {
    0,
    0.3333333333333333,
    0.6666666666666666,
    1,
    0.9504844339512095,
    0.8117449009293668,
    0.6112604669781572,
    0.38873953302184283,
    0.18825509907063326,
    0.04951556604879048,
    0
  };
  private static final double[] COSINE_WITHOUT_WARMUP = {
    1,
    0.9755282581475768,
    0.9045084971874737,
    0.7938926261462366,
    0.6545084971874737,
    0.5,
    0.34549150281252633,
    0.2061073738537635,
    0.09549150281252633,
    0.024471741852423234,
    0
  };

  @Test
  void equalsTransformers() {
    for (int step = 0; step <= 10; step++) {
      double constant = Math.min(1, step / 3.0);
      assertEquals(constant, Schedule.constant().withWarmupSteps(3).factor(step, 10), 1e-15);
      assertEquals(LINEAR[step], Schedule.linear().withWarmupSteps(3).factor(step, 10), 1e-15);
      assertEquals(COSINE[step], Schedule.cosine().withWarmupSteps(3).factor(step, 10), 1e-15);
      assertEquals(1 - step / 10.0, Schedule.linear().factor(step, 10), 1e-15);
      assertEquals(COSINE_WITHOUT_WARMUP[step], Schedule.cosine().factor(step, 10), 1e-15);
    }
  }

  @Test
  void aWarmupRatioIsRoundedUpToSteps() {
    for (int step = 0; step <= 10; step++) {
      assertEquals(LINEAR[step], Schedule.linear().withWarmupRatio(0.21).factor(step, 10), 1e-15);
    }
  }

  @Test
  void refusesTwoWarmups() {
    assertThrows(IllegalArgumentException.class, () -> new Schedule(Schedule.Decay.LINEAR, 3, 0.1));
  }
}
