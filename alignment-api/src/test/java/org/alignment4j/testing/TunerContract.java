package org.alignment4j.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.Artifact;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.model.LanguageModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link RepresentationTuner} keeps to. A module extends it for each of its tuners, with
 * a model and data so small that a tuning takes a second.
 */
public abstract class TunerContract<D, A extends Artifact> {
  private static final long SEED = 7;
  private static final List<int[]> ASKED = List.of(new int[] {3, 4, 5}, new int[] {9, 2});

  @TempDir Path folder;

  /** The model that is tuned; the subclass closes it. */
  protected abstract LanguageModel model();

  /** The tuner under test. */
  protected abstract RepresentationTuner<D, A> tuner(long seed);

  /** Data that the tuner changes the model with, in two steps at least. */
  protected abstract D data();

  /** Data without a single row; may throw what {@code tune} would. */
  protected abstract D none();

  private Tuning<A> tune(ProgressListener progress) {
    return tuner(SEED).tune(model(), data(), progress);
  }

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  @Test
  void withoutDataItSaysSo() {
    assertRefused(() -> tuner(SEED).tune(model(), null, ProgressListener.NONE));
    assertRefused(() -> tuner(SEED).tune(model(), none(), ProgressListener.NONE));
  }

  private static void assertRefused(Executable call) {
    RuntimeException e = assertThrows(RuntimeException.class, call);
    assertTrue(e instanceof IllegalArgumentException || e instanceof BadDataException, e::toString);
    assertTrue(e.getMessage() != null && !e.getMessage().isBlank(), e::toString);
  }

  @Test
  void theModelStaysAsItWas() {
    float[][] before = model().nextTokenLogitsIds(ASKED);
    String hash = model().hash();
    Tuning<A> tuning = tune(ProgressListener.NONE);
    assertTrue(tuning.changed(), tuning::reason);
    assertTrue(tuning.training().steps() >= 2, () -> tuning.training().toString());
    assertFalse(tuning.reason().isBlank());
    float[][] after = model().nextTokenLogitsIds(ASKED);
    for (int i = 0; i < before.length; i++) {
      assertArrayEquals(before[i], after[i]);
    }
    assertEquals(hash, model().hash());
  }

  @Test
  void theSameSeedLearnsTheSameBitForBit() throws IOException {
    Map<String, float[]> first = tensors(tune(ProgressListener.NONE).adapter(), "first");
    Map<String, float[]> second = tensors(tune(ProgressListener.NONE).adapter(), "second");
    assertFalse(first.isEmpty());
    assertEquals(first.keySet(), second.keySet());
    first.forEach((name, values) -> assertArrayEquals(values, second.get(name), name));
  }

  /** All numbers that it saves. */
  private Map<String, float[]> tensors(A adapter, String name) throws IOException {
    Path saved = folder.resolve(name);
    adapter.save(saved);
    Map<String, float[]> found = new TreeMap<>();
    try (Stream<Path> files = Files.list(saved)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
        try (SafetensorsFile in = SafetensorsFile.open(file)) {
          in.tensors().keySet().forEach(tensor -> found.put(tensor, in.floats(tensor)));
        }
      }
    }
    return found;
  }

  @Test
  void anInterruptBeforeItCancels() {
    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, () -> tune(ProgressListener.NONE));
    assertTrue(Thread.interrupted(), "the interrupt was swallowed");
  }

  @Test
  void anInterruptWhileItTrainsCancels() {
    ProgressListener interrupting =
        p -> {
          if (p.metrics().containsKey("loss")) {
            Thread.currentThread().interrupt();
          }
        };
    assertThrows(CancelledException.class, () -> tune(interrupting));
    assertTrue(Thread.interrupted(), "the interrupt was swallowed");
    tune(ProgressListener.NONE); // and leaves nothing that would be in the way
  }

  @Test
  void whatIsLearnedSaysHowItWasMade() throws IOException {
    A adapter = tune(ProgressListener.NONE).adapter();
    Provenance provenance = adapter.provenance();
    assertFalse(provenance.method().isBlank());
    assertEquals(SEED, provenance.seed());
    assertFalse(provenance.settings().isEmpty());
    assertFalse(provenance.metrics().isEmpty());
    assertEquals(model().hash(), provenance.inputs().get("model"));
    assertTrue(provenance.inputs().size() >= 2, "no hash of the data");
    provenance.inputs().forEach((name, hash) -> assertTrue(hash.matches("[0-9a-f]{64}"), name));
    adapter.save(folder.resolve("kept"));
    Provenance kept =
        Provenance.fromJson(Files.readString(folder.resolve("kept").resolve("provenance.json")));
    assertEquals(provenance.method(), kept.method());
    assertEquals(provenance.seed(), kept.seed());
    assertEquals(provenance.inputs(), kept.inputs());
    assertEquals(provenance.settings().keySet(), kept.settings().keySet());
  }
}
