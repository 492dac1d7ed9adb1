package org.alignment4j.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.statistics.Pca;
import org.alignment4j.internal.statistics.Silhouette;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.testing.ChildJvm;
import org.alignment4j.testing.RandomChatModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ND4J takes seconds to load, and native memory; only a program that needs it pays. */
class LazyNd4jTests {
  @Test
  void noClassOfNd4jIsLoadedBeforeTheFirstMatrix(@TempDir Path folder) throws Exception {
    Path model = RandomChatModel.write(Files.createDirectory(folder.resolve("model")), List.of());
    Path log = folder.resolve("classes");
    List<String> options = List.of("-Xmx512m", "-Xlog:class+load:file=" + log);
    try (ChildJvm child = ChildJvm.start(folder.resolve("run"), options, Program.class, model)) {
      assertEquals(0, child.await(), child.errors());
    }
    List<String> loaded = Files.readAllLines(log);
    Predicate<String> nd4j = line -> line.contains(" org.nd4j.") || line.contains(" org.bytedeco.");
    int first = loaded.indexOf(loaded.stream().filter(nd4j).findFirst().orElse(""));
    assertTrue(first >= 0, "the matrix needs none of ND4J's classes");
    List<String> before = loaded.subList(0, first);
    assertTrue(before.stream().anyMatch(line -> line.contains(Matrix.class.getName() + " ")));
    assertTrue(before.stream().anyMatch(line -> line.contains(" ai.djl.pytorch.jni.")));
  }

  /** Its loading stands in the log where the first matrix is needed. */
  static final class Matrix {
    private Matrix() {}

    static void use(float[][] rows) {
      Pca.fit(rows, 1);
    }
  }

  /** Loads, captures, probes and generates; then asks for a matrix. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) {
      List<Prompt> prompts = List.of(Prompt.user("one"), Prompt.user("two"), Prompt.user("six"));
      try (LanguageModel model = LanguageModel.load(Path.of(args[0]))) {
        float[][] rows =
            model.capture(prompts, Capture.lastPrompt(Layer.ofBlock(2))).at(Layer.ofBlock(2));
        Roc.of(new double[] {1, 2}, new double[] {0, 1});
        Silhouette.score(rows, rows);
        LogisticProbe.fit(rows, rows, LogisticProbe.Settings.DEFAULT);
        model.generate(prompts, Generation.greedy(4));
        Matrix.use(rows);
      }
      System.exit(0);
    }
  }
}
