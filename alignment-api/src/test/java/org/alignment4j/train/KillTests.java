package org.alignment4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.train.TinyObjective.Row;
import org.alignment4j.train.TrainingLoop.Evaluator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a training process, as a power cut would, at random moments of steps and writes. */
@Tag("slow")
class KillTests {
  private static final int STEPS = 1500;

  @TempDir Path folder;

  /** The program that is killed: trains in the folder given, prints steps, then the weights. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) {
      TrainingSettings settings =
          TrainingSettings.builder()
              .steps(STEPS)
              .batchSize(8)
              .microBatchSize(3)
              .learningRate(0.01)
              .maxGradientNorm(1)
              .seed(3)
              .evaluateEvery(50)
              .checkpointEvery(1)
              .checkpointFolder(args.length == 0 ? null : Path.of(args[0]))
              .build();
      try (TinyObjective objective = new TinyObjective(true)) {
        TrainingResult result =
            TrainingLoop.<Row>builder(settings)
                .evaluator(step -> Evaluator.Evaluation.of(objective.values()[0]))
                .build()
                .run(TinyObjective.data(50), objective, progress());
        System.out.println("steps " + result.steps() + " from " + result.resultStep());
        System.out.println("weights " + Arrays.toString(objective.values()));
      }
    }

    private static ProgressListener progress() {
      return p -> {
        System.out.println("step " + p.done());
        System.out.flush();
      };
    }
  }

  private Process start(Path out, String... arguments) throws IOException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command =
        new java.util.ArrayList<>(
            List.of(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Xmx512m",
                "-cp",
                path,
                Program.class.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectOutput(out.toFile())
        .redirectError(folder.resolve("errors").toFile())
        .start();
  }

  private static List<String> end(Path out) throws IOException {
    return Files.readAllLines(out).stream().filter(l -> !l.startsWith("step ")).toList();
  }

  @Test
  void killedAtRandomMomentsAndResumedItEndsWithTheSameWeightsBitForBit() throws Exception {
    Path out = folder.resolve("out");
    Process whole = start(out);
    assertEquals(0, whole.waitFor(), () -> errors());
    List<String> expected = end(out);
    assertEquals(2, expected.size());

    Random random = new Random(9);
    Path checkpoints = folder.resolve("checkpoints");
    int killed = 0;
    for (int attempt = 0; attempt < 40; attempt++) {
      Process process = start(out, checkpoints.toString());
      // Wait for the first steps, then for a random while: most of a step's time is the write.
      while (process.isAlive() && Files.size(out) == 0) {
        Thread.sleep(5);
      }
      boolean ended = process.waitFor(50 + random.nextInt(900), TimeUnit.MILLISECONDS);
      if (!ended && killed < 8) {
        process.destroyForcibly();
        process.waitFor();
        killed++;
        continue;
      }
      assertEquals(0, process.waitFor(), () -> errors());
      break;
    }
    assertTrue(killed >= 3, "killed only " + killed + " times: more steps are needed");
    assertEquals(expected, end(out));
  }

  private String errors() {
    try {
      return Files.readString(folder.resolve("errors"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
