package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.EngineException;
import org.alignment4j.internal.host.Ahead;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** When the two modules of kernels are compiled, and what each contains. */
class KernelsTests {
  private static NDManager manager;

  @BeforeAll
  static void open() {
    manager = NativeEngine.manager(Device.cpu());
  }

  @AfterAll
  static void close() {
    manager.close();
  }

  private static Kernels.Builder builder() {
    return Kernels.named("test").source(KernelsTests.class, "twice.torchscript");
  }

  private static Kernels.Call call(Kernels kernels, String method, NDManager scope) {
    return kernels.call(method, scope).tensor(scope.create(5f));
  }

  @Test
  void trainingIsCompiledAtItsFirstCallOnly() {
    try (Kernels kernels =
            builder()
                .trainingSource(KernelsTests.class, "thrice.torchscript")
                .compile(Device.cpu());
        NDManager scope = manager.newSubManager()) {
      assertEquals(10, call(kernels, "twice", scope).infer().get(0).getFloat());
      assertFalse(kernels.hasTraining());
      assertEquals(15, call(kernels, "thrice", scope).train().get(0).getFloat());
      assertTrue(kernels.hasTraining());
      assertEquals(10, call(kernels, "twice", scope).train().get(0).getFloat());
    }
  }

  @Test
  void methodsOfTrainingAreNotPartOfInference() {
    try (Kernels kernels =
            builder()
                .trainingSource(KernelsTests.class, "thrice.torchscript")
                .compile(Device.cpu());
        NDManager scope = manager.newSubManager()) {
      assertThrows(EngineException.class, () -> call(kernels, "thrice", scope).infer());
    }
  }

  @Test
  void aTextThatDoesNotCompileIsNamedWhereItIsCompiled() {
    Kernels.Builder both = builder().source(KernelsTests.class, "wrong.torchscript");
    EngineException atOnce =
        assertThrows(EngineException.class, () -> both.compile(Device.cpu()).close());
    assertTrue(atOnce.getMessage().contains("'test' do not compile"), atOnce.getMessage());
    try (Kernels kernels =
            builder()
                .trainingSource(KernelsTests.class, "wrong.torchscript")
                .compile(Device.cpu());
        NDManager scope = manager.newSubManager()) {
      assertEquals(10, call(kernels, "twice", scope).infer().get(0).getFloat());
      for (int i = 0; i < 2; i++) {
        EngineException later =
            assertThrows(EngineException.class, () -> call(kernels, "twice", scope).train());
        assertTrue(later.getMessage().contains("no_such_operator"), later.getMessage());
      }
    }
  }

  @Test
  void whatIsAddedToABuilderLaterChangesNoTraining() {
    Kernels.Builder builder = builder();
    try (Kernels kernels = builder.compile(Device.cpu());
        NDManager scope = manager.newSubManager()) {
      builder.trainingSource(KernelsTests.class, "wrong.torchscript");
      assertEquals(10, call(kernels, "twice", scope).train().get(0).getFloat());
    }
  }

  @Test
  void threadsThatTrainAtOnceShareOneModule() {
    try (Kernels kernels = builder().compile(Device.cpu())) {
      List<Ahead<Float>> runs = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        runs.add(
            Ahead.start(
                "test" + i,
                () -> {
                  try (NDManager scope = manager.newSubManager()) {
                    return call(kernels, "twice", scope).train().get(0).getFloat();
                  }
                }));
      }
      runs.forEach(run -> assertEquals(10, run.get()));
    }
  }

  @Test
  void closedKernelsCompileNothing() {
    Kernels kernels = builder().compile(Device.cpu());
    kernels.close();
    try (NDManager scope = manager.newSubManager()) {
      Kernels.Call call = call(kernels, "twice", scope);
      assertThrows(IllegalStateException.class, call::train);
    }
    assertFalse(kernels.hasTraining());
  }
}
