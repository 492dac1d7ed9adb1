package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A model in INT8 against its twin: a float32 checkpoint of the same rounded weights, which plain
 * Java rounds here.
 */
class Int8ModelTests {
  private static final Path PARITY = Path.of("src/test/resources/parity");
  private static final double NEAR = 1e-3;

  @TempDir Path folder;

  static Stream<Path> checkpoints() throws IOException {
    return Files.list(PARITY).sorted();
  }

  private static LanguageModel int8(Path path) {
    return LanguageModel.load(path, Device.cpu(), Precision.INT8);
  }

  /** Each row of a matrix as multiples of its largest magnitude / 127. */
  private static void round(float[] values, int columns) {
    for (int row = 0; row < values.length; row += columns) {
      float largest = 0;
      for (int k = 0; k < columns; k++) {
        largest = Math.max(largest, Math.abs(values[row + k]));
      }
      float scale = largest / 127;
      for (int k = 0; k < columns && scale > 0; k++) {
        values[row + k] = (float) Math.rint(values[row + k] / scale) * scale;
      }
    }
  }

  private Path twin(Path path) throws IOException {
    Path rounded = Files.createDirectories(folder.resolve("twin"));
    List<TensorSource> sources = new ArrayList<>();
    try (Checkpoint in = Checkpoint.open(path)) {
      for (String name : in.names()) {
        TensorInfo info = in.info(name);
        float[] values = in.floats(name);
        if (info.shape().length == 2) {
          round(values, (int) info.shape()[1]);
        }
        sources.add(TensorSource.of(name, StorageType.F32, info.shape(), values));
      }
    }
    SafetensorsWriter.write(rounded.resolve("model.safetensors"), Map.of(), sources);
    Files.copy(
        path.resolve("config.json"),
        rounded.resolve("config.json"),
        StandardCopyOption.REPLACE_EXISTING);
    return rounded;
  }

  private static void near(float[][] found, float[][] wanted) {
    for (int i = 0; i < wanted.length; i++) {
      double d = TinyModels.relative(found[i], wanted[i]);
      assertTrue(d < NEAR, "row " + i + " differs by " + d);
    }
  }

  private static void nearGradient(NDArray found, NDArray wanted) {
    double d = TinyModels.relative(found.toFloatArray(), wanted.toFloatArray());
    assertTrue(d < NEAR, "differs by " + d);
  }

  private static List<int[]> sequences(int vocabulary) {
    Random random = new Random(6);
    return Stream.of(9, 4, 6, 1).map(n -> random.ints(n, 0, vocabulary).toArray()).toList();
  }

  private static List<Encoded> examples() {
    Random random = new Random(4);
    return List.of(
        new Encoded(TinyModels.ids(random, 8), 3), new Encoded(TinyModels.ids(random, 5), 2));
  }

  private static void compareStates(LanguageModel a, LanguageModel b, List<int[]> ids) {
    List<Encoded> prompts = ids.stream().map(s -> new Encoded(s, s.length)).toList();
    Capture all = Capture.layers(0, a.config().blocks(), TokenPositions.all());
    Capture.Activations found = a.captureIds(prompts, all);
    Capture.Activations wanted = b.captureIds(prompts, all);
    for (Layer layer : wanted.layers()) {
      near(found.at(layer), wanted.at(layer));
    }
    near(a.nextTokenLogitsIds(ids), b.nextTokenLogitsIds(ids));
  }

  /** All that is lost is the rounding of the weights. */
  @ParameterizedTest
  @MethodSource("checkpoints")
  void equalsItsRoundedWeightsInFloat32(Path checkpoint) throws IOException {
    try (LanguageModel model = int8(checkpoint);
        LanguageModel twin = LanguageModel.load(twin(checkpoint))) {
      compareStates(model, twin, sequences(model.config().vocabulary()));
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void viewsEqualThoseOfItsRoundedWeights(Family family) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), family, 0, 21);
    List<int[]> ids = sequences(TinyModels.VOCABULARY);
    Random random = new Random(5);
    try (LanguageModel model = int8(path);
        LanguageModel twin = LanguageModel.load(twin(path))) {
      LoraAdapter lora = TinyModels.lora(model.config(), 3, 5, new Layer(1), new Layer(3));
      Steering[] steering = {
        Steering.add(new Layer(1), TinyModels.noise(random, 24), 2),
        new Steering(
            new Layer(2),
            TokenPositions.lastPrompt(),
            Steering.Kind.PROJECT_OUT,
            TinyModels.noise(random, 24))
      };
      try (LanguageModel changed = model.with(lora);
          LanguageModel changedTwin = twin.with(lora)) {
        compareStates(changed.with(steering), changedTwin.with(steering), ids);
        List<int[]> continuations = List.of(new int[] {3, 4, 5}, new int[] {6}, new int[] {3, 1});
        for (int i = 0; i < continuations.size(); i++) {
          assertEquals(
              changedTwin.scoreIds(ids.get(0), continuations).get(i).sum(),
              changed.scoreIds(ids.get(0), continuations).get(i).sum(),
              1e-2);
        }
        Generation greedy = Generation.greedy(8);
        List<Completion> wanted = changedTwin.generateIds(ids, greedy);
        List<Completion> found = changed.generateIds(ids, greedy);
        for (int i = 0; i < ids.size(); i++) {
          assertArrayEquals(wanted.get(i).ids(), found.get(i).ids());
          // What a text is does not depend on its company.
          assertArrayEquals(
              found.get(i).ids(), changed.generateIds(List.of(ids.get(i)), greedy).get(0).ids());
        }
      }
    }
  }

  /** A merged matrix is the unrounded one with the change, rounded to 8 bits of its row. */
  @ParameterizedTest
  @EnumSource(Family.class)
  void aMergedLoraIsRounded(Family family) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), family, 0, 22);
    Layer layer = new Layer(2);
    try (LanguageModel model = int8(path);
        LanguageModel exact = LanguageModel.load(path)) {
      LoraAdapter lora = TinyModels.lora(model.config(), 3, 5, layer);
      try (LanguageModel merged = model.withMerged(lora);
          LanguageModel wanted = exact.withMerged(lora)) {
        ModelBlock block = merged.pass().weights().block(layer);
        wanted
            .pass()
            .weights()
            .block(layer)
            .own()
            .forEach(
                (weight, m) -> {
                  float[] values = m.floats();
                  if (weight.isMatrix()) {
                    round(values, (int) m.shape().get(1));
                  }
                  // Two numbers that differ by little may be rounded to neighbours.
                  double d = TinyModels.relative(block.get(weight).floats(), values);
                  assertTrue(d < 1.01 / 127, weight + " differs by " + d);
                });
      }
    }
  }

  /** A change much smaller than the distance between two rounded weights is there on average. */
  @ParameterizedTest
  @ValueSource(strings = {"as loaded", "merged before", "file gone"})
  void aSmallMergedChangeIsNotLost(String origin) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 22);
    Layer layer = new Layer(2);
    try (LanguageModel model = int8(path);
        LanguageModel exact = LanguageModel.load(path)) {
      LoraAdapter large = TinyModels.lora(model.config(), 3, 5, layer);
      LoraAdapter small = new LoraAdapter(large.rank(), 0.02, large.targets(), large.provenance());
      LanguageModel before = origin.equals("merged before") ? model.withMerged(large) : model;
      if (origin.equals("file gone")) {
        Files.delete(path.resolve("model.safetensors"));
      }
      try (LanguageModel merged = before.withMerged(small);
          LanguageModel wanted = exact.withMerged(small)) {
        double[] moved = new double[2];
        before
            .pass()
            .weights()
            .block(layer)
            .own()
            .forEach(
                (weight, m) -> {
                  if (weight.isMatrix()) {
                    float[] was = m.floats();
                    float[] is = merged.pass().weights().block(layer).get(weight).floats();
                    float[] plain = exact.pass().weights().block(layer).get(weight).floats();
                    float[] changed = wanted.pass().weights().block(layer).get(weight).floats();
                    for (int i = 0; i < is.length; i++) {
                      double change = changed[i] - plain[i];
                      moved[0] += change * (is[i] - was[i]);
                      moved[1] += change * change;
                    }
                  }
                });
        assertEquals(1, moved[0] / moved[1], 0.3, "of the change");
      }
      if (before != model) {
        before.close();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void gradientsEqualThoseOfItsRoundedWeights(Family family) throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), family, 0, 23);
    try (LanguageModel model = int8(path);
        LanguageModel twin = LanguageModel.load(twin(path))) {
      LoraAdapter lora = TinyModels.lora(model.config(), 2, 5, new Layer(1), new Layer(3));
      try (GradientScope gradients = GradientScope.open();
          TrainableLora one = new TrainableLora(model, lora);
          TrainableLora other = new TrainableLora(twin, lora);
          NDManager scope = model.pass().manager().newSubManager()) {
        java.util.Objects.requireNonNull(gradients);
        NDList found = one.crossEntropy(examples(), scope);
        NDList wanted = other.crossEntropy(examples(), scope);
        for (int i = 0; i < wanted.size(); i++) {
          nearGradient(found.get(i), wanted.get(i));
        }
        nearGradient(inputGradient(model, scope), inputGradient(twin, scope));
      }
    }
  }

  /** Of the responses' log-probabilities, to two input embeddings. */
  private static NDArray inputGradient(LanguageModel model, NDManager scope) {
    float[] values = TinyModels.noise(new Random(8), 2 * model.config().width());
    NDArray rows = scope.create(values, new Shape(2, model.config().width()));
    rows.setRequiresGradient(true);
    List<Encoded> data = List.of(new Encoded(new int[] {-1, 4, -2, 7, 9}, 3));
    return new LanguageLoss(model.pass(), Decoder.Dropout.NONE, rows)
        .crossEntropy(data, new NDList(rows), scope)
        .get(1);
  }

  @Test
  void aBlockInTrainingHasTheValuesOfTheFile() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 24);
    Layer layer = new Layer(2);
    List<int[]> ids = sequences(TinyModels.VOCABULARY);
    try (LanguageModel model = int8(path);
        LanguageModel exact = LanguageModel.load(path);
        TrainableBlock block = TrainableBlock.of(model, layer);
        TrainableBlock wanted = TrainableBlock.of(exact, layer)) {
      TunedBlock tuned = block.snapshot(TunedBlockTests.provenance());
      assertEquals(wanted.snapshot(TunedBlockTests.provenance()), tuned);
      try (LanguageModel view = model.with(tuned)) {
        float[][] logits = view.nextTokenLogitsIds(ids);
        near(logits, block.view().nextTokenLogitsIds(ids));
        assertTrue(TinyModels.relative(logits[0], model.nextTokenLogitsIds(ids)[0]) > 1e-5);
      }
    }
  }

  @Test
  void aMergedBlockIsTrainedAsItIs() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.QWEN2, 0, 25);
    Layer layer = new Layer(2);
    try (LanguageModel model = int8(path);
        LanguageModel merged = model.withMerged(TinyModels.lora(model.config(), 3, 5, layer));
        TrainableBlock block = TrainableBlock.of(merged, layer)) {
      List<int[]> ids = sequences(TinyModels.VOCABULARY);
      near(block.view().nextTokenLogitsIds(ids), merged.nextTokenLogitsIds(ids));
    }
  }

  @Test
  void ifTheFileHasChangedTheRoundedValuesAreTrained() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 26);
    Layer layer = new Layer(2);
    List<int[]> ids = sequences(TinyModels.VOCABULARY);
    try (LanguageModel model = int8(path)) {
      for (boolean gone : new boolean[] {false, true}) {
        if (gone) {
          Files.delete(path.resolve("model.safetensors"));
        } else {
          TinyModels.write(path, Family.LLAMA, 0, 28);
        }
        try (TrainableBlock block = TrainableBlock.of(model, layer)) {
          near(block.view().nextTokenLogitsIds(ids), model.nextTokenLogitsIds(ids));
        }
      }
    }
  }

  @Test
  void everythingCanBeTrained() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 28);
    List<int[]> ids = sequences(TinyModels.VOCABULARY);
    try (LanguageModel model = int8(path);
        LanguageModel exact = LanguageModel.load(path);
        TrainableWeights weights = TrainableWeights.all(model)) {
      compareStates(weights.view(), exact, ids);
      assertThrows(
          IllegalArgumentException.class,
          () -> weights.save(folder.resolve("out"), Precision.INT8, TunedBlockTests.provenance()));
    }
  }

  @Test
  void weightsThatAreNotFiniteAreRejectedByName() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 29);
    String bad = "model.layers.1.mlp.down_proj.weight";
    for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      List<TensorSource> sources = new ArrayList<>();
      try (Checkpoint in = Checkpoint.open(path)) {
        for (String name : in.names()) {
          float[] values = in.floats(name);
          if (name.equals(bad)) {
            values[21] = value;
          }
          sources.add(TensorSource.of(name, StorageType.F32, in.info(name).shape(), values));
        }
      }
      Path broken = TinyModels.write(folder.resolve("broken"), Family.LLAMA, 0, 29);
      SafetensorsWriter.write(broken.resolve("model.safetensors"), Map.of(), sources);
      CheckpointException e = assertThrows(CheckpointException.class, () -> int8(broken).close());
      assertTrue(e.getMessage().contains(bad + " in "), e.getMessage());
      assertTrue(e.getMessage().contains("is not finite at element 21: "), e.getMessage());
    }
  }

  @Test
  void takesOneByteAWeight() throws IOException {
    Path path = TinyModels.write(folder.resolve("m"), Family.LLAMA, 0, 30);
    ModelConfig config = ModelConfig.read(path);
    long rows = 0;
    long bytes = 0;
    for (BlockLayout.Slot slot : BlockLayout.of(config).slots().values()) {
      bytes += slot.shape().size() * (slot.isMatrix() ? 1 : 4);
      rows += slot.isMatrix() ? slot.shape().get(0) : 0;
    }
    long table = (long) config.vocabulary() * (config.width() + 4);
    assertEquals(
        3 * (bytes + 4 * rows) + table + 4L * config.width(), config.weightBytes(Precision.INT8));
  }
}
