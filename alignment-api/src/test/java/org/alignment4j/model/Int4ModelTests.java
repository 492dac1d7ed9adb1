package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.BlockWeight;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.model.LanguageModel.GgufWeights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A GGUF file of 4 bits in INT4, against its exact values in float32. */
class Int4ModelTests {
  /** Scales, offsets, and the inputs and outputs of products are rounded to 8 bits of fraction. */
  private static final double NEAR = 2e-2;

  /** Of gradients, and of states with a change. */
  private static final double NEAR_CHANGED = 6e-2;

  private static final int VOCABULARY = 320;

  @TempDir Path folder;
  private Path file;

  /** Grouped heads, whose rows architecture llama interleaves, of a width that fits 4 bits. */
  @BeforeEach
  void write() throws IOException {
    Path source = Files.createDirectories(folder.resolve("source"));
    Files.writeString(
        source.resolve("config.json"),
        "{\"model_type\": \"llama\", \"hidden_size\": 128, \"intermediate_size\": 192,"
            + " \"num_hidden_layers\": 3, \"num_attention_heads\": 2, \"num_key_value_heads\": 1,"
            + " \"vocab_size\": 320, \"rms_norm_eps\": 1e-5, \"hidden_act\": \"silu\","
            + " \"max_position_embeddings\": 256, \"tie_word_embeddings\": true}");
    RandomCheckpoint.write(ModelConfig.read(source), 5, source);
    file = folder.resolve("q4.gguf");
    LanguageModel.writeGguf(source, null, GgufWeights.Q4_0, file);
    assumeTrue(Int4Kernels.fits(new Shape(64, 32)), "this processor has no products of 4 bits");
  }

  private LanguageModel int4() {
    return LanguageModel.load(file, Device.cpu(), Precision.INT4);
  }

  /** Its effect is of the size of the weights. */
  private static LoraAdapter lora(LanguageModel model, Layer... layers) {
    LoraAdapter large = TinyModels.lora(model.config(), 3, 5, layers);
    return new LoraAdapter(large.rank(), 0.02, large.targets(), large.provenance());
  }

  private LanguageModel exact() {
    return LanguageModel.load(file, Device.cpu(), Precision.FLOAT32);
  }

  private static List<int[]> sequences() {
    Random random = new Random(6);
    return Stream.of(9, 4, 60, 40, 1).map(n -> random.ints(n, 0, VOCABULARY).toArray()).toList();
  }

  private static void near(float[] found, float[] wanted, double most, String what) {
    double d = TinyModels.relative(found, wanted);
    assertTrue(d < most, what + " differs by " + d);
  }

  private static void compareStates(LanguageModel found, LanguageModel wanted, double most) {
    // Few rows and many, which are multiplied differently.
    for (List<int[]> ids : List.of(sequences().subList(0, 2), sequences())) {
      List<Encoded> prompts = ids.stream().map(s -> new Encoded(s, s.length)).toList();
      Capture all = Capture.layers(0, wanted.config().blocks(), TokenPositions.all());
      Capture.Activations a = found.captureIds(prompts, all);
      Capture.Activations b = wanted.captureIds(prompts, all);
      for (Layer layer : b.layers()) {
        for (int i = 0; i < b.at(layer).length; i++) {
          near(a.at(layer)[i], b.at(layer)[i], most, layer + ", row " + i);
        }
      }
      float[][] logits = found.nextTokenLogitsIds(ids);
      float[][] right = wanted.nextTokenLogitsIds(ids);
      for (int i = 0; i < right.length; i++) {
        near(logits[i], right[i], most, "logits " + i);
      }
    }
  }

  @Test
  void matricesAreTheFilesButForRoundedScales() {
    try (LanguageModel model = int4();
        LanguageModel exact = exact()) {
      for (int b = 0; b < 3; b++) {
        ModelBlock block = model.pass().weights().block(Layer.ofBlock(b));
        ModelBlock right = exact.pass().weights().block(Layer.ofBlock(b));
        for (BlockWeight w : List.of(BlockWeight.QKV, BlockWeight.GATE_UP, BlockWeight.DOWN)) {
          assertInstanceOf(Int4Matrix.class, block.get(w));
          double d = TinyModels.relative(block.get(w).floats(), right.get(w).floats());
          assertTrue(d < 1.0 / 256, w + " differs by " + d);
        }
      }
      assertInstanceOf(Int8Matrix.class, model.pass().weights().embeddings());
      compareStates(model, exact, NEAR);
    }
  }

  @Test
  void whatAFileKeepsInMoreBitsIsInInt8() {
    Path eight = folder.resolve("q8.gguf");
    LanguageModel.writeGguf(folder.resolve("source"), null, GgufWeights.Q8_0, eight);
    try (LanguageModel model = LanguageModel.load(eight, Device.cpu(), Precision.INT4);
        LanguageModel int8 = LanguageModel.load(eight, Device.cpu(), Precision.INT8)) {
      assertInstanceOf(
          Int8Matrix.class, model.pass().weights().block(new Layer(1)).get(BlockWeight.QKV));
      assertArrayEquals(
          int8.nextTokenLogitsIds(sequences())[0], model.nextTokenLogitsIds(sequences())[0]);
    }
  }

  @Test
  void plainNumbersAreRoundedToFourBits() {
    try (LanguageModel model =
        LanguageModel.load(folder.resolve("source"), Device.cpu(), Precision.INT4)) {
      assertInstanceOf(
          Int4Matrix.class, model.pass().weights().block(new Layer(1)).get(BlockWeight.DOWN));
      for (float[] logits : model.nextTokenLogitsIds(sequences())) {
        for (float x : logits) {
          assertTrue(Float.isFinite(x));
        }
      }
    }
  }

  @Test
  void viewsAndSteeringAreThoseOfTheExactModel() {
    try (LanguageModel model = int4();
        LanguageModel exact = exact()) {
      LoraAdapter lora = lora(model, new Layer(1), new Layer(3));
      Steering push = Steering.add(new Layer(2), TinyModels.noise(new Random(2), 128), 1);
      try (LanguageModel a = model.with(lora);
          LanguageModel b = exact.with(lora)) {
        compareStates(a.with(push), b.with(push), NEAR_CHANGED);
        List<int[]> ids = sequences().subList(0, 2);
        List<Completion> texts = a.generateIds(ids, Generation.greedy(8));
        for (int i = 0; i < ids.size(); i++) {
          assertArrayEquals(
              texts.get(i).ids(),
              a.generateIds(List.of(ids.get(i)), Generation.greedy(8)).get(0).ids());
        }
      }
    }
  }

  /** The file's values with the change, in 8 bits: what INT8 makes of them. */
  @Test
  void aMergedLoraIsAddedToTheFilesValues() {
    Layer layer = new Layer(2);
    try (LanguageModel model = int4();
        LanguageModel int8 = LanguageModel.load(file, Device.cpu(), Precision.INT8)) {
      LoraAdapter lora = lora(model, layer);
      try (LanguageModel merged = model.withMerged(lora);
          LanguageModel wanted = int8.withMerged(lora)) {
        ModelBlock block = merged.pass().weights().block(layer);
        ModelBlock right = wanted.pass().weights().block(layer);
        for (BlockWeight w : List.of(BlockWeight.QKV, BlockWeight.GATE_UP, BlockWeight.DOWN)) {
          assertInstanceOf(Int8Matrix.class, block.get(w));
          assertArrayEquals(right.get(w).floats(), block.get(w).floats());
        }
        for (float[] logits : merged.nextTokenLogitsIds(sequences())) {
          assertTrue(Float.isFinite(logits[0]));
        }
      }
    }
  }

  @Test
  void aTrainedBlockHasTheFilesValuesUnlessTheFileHasChanged() throws IOException {
    Layer layer = new Layer(2);
    try (LanguageModel model = int4();
        LanguageModel exact = exact()) {
      try (TrainableBlock block = TrainableBlock.of(model, layer);
          TrainableBlock wanted = TrainableBlock.of(exact, layer)) {
        assertEquals(
            wanted.snapshot(TunedBlockTests.provenance()),
            block.snapshot(TunedBlockTests.provenance()));
      }
      Path source = folder.resolve("source");
      RandomCheckpoint.write(ModelConfig.read(source), 6, source);
      Files.delete(file);
      LanguageModel.writeGguf(source, null, GgufWeights.Q4_0, file);
      try (TrainableBlock block = TrainableBlock.of(model, layer);
          TrainableBlock other = TrainableBlock.of(exact, layer)) {
        assertFalse(
            other
                .snapshot(TunedBlockTests.provenance())
                .equals(block.snapshot(TunedBlockTests.provenance())));
        near(
            block.view().nextTokenLogitsIds(sequences())[0],
            model.nextTokenLogitsIds(sequences())[0],
            NEAR,
            "logits");
      }
    }
  }

  @Test
  void gradientsAreThoseOfTheExactModel() {
    Random random = new Random(4);
    List<Encoded> examples =
        List.of(
            new Encoded(random.ints(8, 0, VOCABULARY).toArray(), 3),
            new Encoded(random.ints(5, 0, VOCABULARY).toArray(), 2));
    try (LanguageModel model = int4();
        LanguageModel exact = exact()) {
      LoraAdapter lora = lora(model, new Layer(1), new Layer(3));
      try (GradientScope gradients = GradientScope.open();
          TrainableLora one = new TrainableLora(model, lora);
          TrainableLora other = new TrainableLora(exact, lora);
          NDManager scope = model.pass().manager().newSubManager()) {
        java.util.Objects.requireNonNull(gradients);
        NDList found = one.crossEntropy(examples, scope);
        NDList wanted = other.crossEntropy(examples, scope);
        for (int i = 0; i < wanted.size(); i++) {
          near(
              found.get(i).toFloatArray(),
              wanted.get(i).toFloatArray(),
              NEAR_CHANGED,
              "gradient " + i);
        }
      }
    }
  }

  @Test
  void takesFiveBitsAWeight() {
    ModelConfig config = ModelConfig.read(file);
    long matrices = 3L * (128 * 256 + 128 * 128 + 2 * 192 * 128 + 128 * 192);
    long table = VOCABULARY * (128L + 4);
    long norms = 3 * 2 * 4 * 128L + 4 * 128L;
    assertEquals(matrices * 5 / 8 + table + norms, config.weightBytes(Precision.INT4));
    Path eight = folder.resolve("q8.gguf");
    LanguageModel.writeGguf(folder.resolve("source"), null, GgufWeights.Q8_0, eight);
    try (Checkpoint four = Checkpoint.open(file);
        Checkpoint more = Checkpoint.open(eight)) {
      assertEquals(0, Weights.more(four, config, Precision.INT4));
      assertEquals(0, Weights.more(more, config, Precision.INT8));
      assertEquals(
          config.weightBytes(Precision.INT8) - config.weightBytes(Precision.INT4),
          Weights.more(more, config, Precision.INT4));
    }
  }
}
