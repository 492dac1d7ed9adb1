package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other threads do while weights load shows in nothing but the time. */
class ParallelLoadingTests {
  private static final Path TOKENIZER =
      Path.of("src/test/resources/org/alignment4j/chat/byte-level/tokenizer.json");

  @TempDir Path folder;
  private Path path = Path.of("");

  @BeforeEach
  void write() throws IOException {
    path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 1);
    Files.copy(TOKENIZER, path.resolve("tokenizer.json"));
  }

  /** The threads that loading starts, except that of the engine, which belongs to no model. */
  private static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(
            t ->
                t.getName().equals("alignment4j-tokenizer")
                    || t.getName().equals("alignment4j-kernels"))
        .toList();
  }

  private static void awaitThreads() throws InterruptedException {
    for (Thread thread : threads()) {
      thread.join(20_000);
    }
  }

  @Test
  void theTokenizerIsReadWithoutBeingAskedFor() throws Exception {
    try (LanguageModel model = LanguageModel.load(path)) {
      awaitThreads();
      Files.delete(path.resolve("tokenizer.json"));
      assertTrue(model.tokenizer().encodeText("hello").length > 0);
    }
  }

  @Test
  void aTokenizerThatCannotBeReadFailsAtItsUseOnly() throws Exception {
    Files.writeString(path.resolve("tokenizer.json"), "{\"model\": 1}");
    try (LanguageModel model = LanguageModel.load(path)) {
      assertEquals(1, model.nextTokenLogitsIds(List.of(new int[] {1})).length);
      for (int i = 0; i < 2; i++) {
        CheckpointException e = assertThrows(CheckpointException.class, model::tokenizer);
        assertTrue(
            e.getMessage().contains(path.resolve("tokenizer.json").toString()), e.getMessage());
        boolean here =
            List.of(e.getStackTrace()).stream()
                .anyMatch(frame -> frame.getClassName().equals(getClass().getName()));
        assertTrue(here, "the error comes from another thread");
      }
      Files.delete(path.resolve("tokenizer.json"));
      Files.copy(TOKENIZER, path.resolve("tokenizer.json"));
      assertTrue(model.tokenizer().encodeText("hello").length > 0);
    }
  }

  @Test
  void damagedWeightsFailAsTheyDoAloneAndNoThreadIsLeft() throws IOException {
    List<TensorSource> sources = new ArrayList<>();
    try (Checkpoint in = Checkpoint.open(path)) {
      for (String name : in.names()) {
        float[] values = in.floats(name);
        if (name.endsWith("layers.1.mlp.up_proj.weight")) {
          values[3] = Float.NaN;
        }
        sources.add(TensorSource.of(name, StorageType.F32, in.info(name).shape(), values));
      }
    }
    SafetensorsWriter.write(path.resolve("model.safetensors"), Map.of(), sources);
    Files.writeString(path.resolve("tokenizer.json"), "{\"model\": 1}");
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> LanguageModel.load(path).close());
    assertTrue(e.getMessage().contains("layers.1.mlp.up_proj.weight"), e.getMessage());
    assertTrue(e.getMessage().contains("is not finite at element 3"), e.getMessage());
    assertEquals(0, e.getSuppressed().length);
    assertEquals(List.of(), alive());
  }

  @Test
  void aConfigurationThatIsNotSupportedIsRefusedByName() throws IOException {
    Files.writeString(path.resolve("config.json"), "{\"model_type\": \"hovercraft\"}");
    UnsupportedArchitectureException e =
        assertThrows(
            UnsupportedArchitectureException.class, () -> LanguageModel.load(path).close());
    assertTrue(e.getMessage().contains("hovercraft"), e.getMessage());
    assertEquals(List.of(), alive());
  }

  @Test
  void closingAtOnceLeavesNoThread() {
    LanguageModel.load(path).close();
    assertEquals(List.of(), alive());
  }

  /** A thread whose work is done may take a moment to end. */
  private static List<Thread> alive() {
    for (int i = 0; i < 100 && !threads().isEmpty(); i++) {
      Thread.onSpinWait();
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    return threads();
  }

  @Test
  void anInterruptCancelsAndNoThreadIsLeft() {
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancelledException.class, () -> LanguageModel.load(path).close());
    } finally {
      assertTrue(Thread.interrupted(), "the interrupt is kept");
    }
    assertEquals(List.of(), alive());
    try (LanguageModel model = LanguageModel.load(path)) {
      assertTrue(model.tokenizer().encodeText("hello").length > 0);
    }
  }
}
