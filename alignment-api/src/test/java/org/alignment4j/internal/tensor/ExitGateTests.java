package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.alignment4j.core.CancelledException;
import org.alignment4j.testing.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A process that is told to end (SIGTERM, Ctrl-C) while a native call runs. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there ending a process is killing it")
class ExitGateTests {
  @TempDir Path folder;

  /** Stands in a call for a second, then tries another. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) {
      ExitGate.pass("first", () -> call(1000, "first started", "first ended"));
      try {
        ExitGate.pass("second", () -> call(0, "second started", "second ended"));
      } catch (CancelledException e) {
        System.exit(1); // blocks: the exit is under way
      }
    }

    private static int call(int millis, String before, String after) {
      System.out.println(before);
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        System.out.println("interrupted");
      }
      System.out.println(after);
      return 0;
    }
  }

  @Test
  void theProcessWaitsForARunningCallAndStartsNoOther() throws Exception {
    try (ChildJvm child = ChildJvm.start(folder, Program.class)) {
      child.awaitOutput();
      child.terminate();
      assertEquals(143, child.await(), child::errors);
      assertTrue(child.output().contains("first ended"), child.output());
      assertFalse(child.output().contains("second"), child.output());
    }
  }
}
