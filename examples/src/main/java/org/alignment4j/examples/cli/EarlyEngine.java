package org.alignment4j.examples.cli;

import java.util.Arrays;
import java.util.Set;
import org.alignment4j.internal.tensor.NativeEngine;

/** Loads the native engine while the command line is still being read. */
final class EarlyEngine {
  /** Commands that are waited for, and run a model whatever their options are. */
  static final Set<String> COMMANDS =
      Set.of(
          "capture",
          "chat",
          "demo",
          "generate",
          "guard",
          "probe",
          "read",
          "steer",
          "verify-parity");

  private EarlyEngine() {}

  /** Starts loading if the command line is one for a model. */
  static void startFor(String... args) {
    if (isNeeded(args)) {
      NativeEngine.start();
    }
  }

  static boolean isNeeded(String... args) {
    return args.length > 0 && COMMANDS.contains(args[0]) && isPlain(args);
  }

  /**
   * Whether no argument asks for help, or could set the number of threads, which has to be known
   * before the engine loads; a file of arguments could do both.
   */
  private static boolean isPlain(String... args) {
    return Arrays.stream(args)
        .noneMatch(
            a ->
                a.equals("-h")
                    || a.startsWith("--he")
                    || a.startsWith("--th")
                    || a.startsWith("@"));
  }
}
