package org.alignment4j.reading;

import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.chat.Prompt;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.reading.RepresentationReader.ContrastPair;
import org.alignment4j.testing.ByteTokenizer;

/**
 * A random chat model in which one concept has a known direction: the letter "+" carries it, "-"
 * its opposite, and the head says "A" where it is high and "B" where it is low. Attention is next
 * to the mean over the prompt, and block 1 writes the concept's mean to every token, so that it
 * reaches the last one.
 */
final class PlantedModel {
  static final int WIDTH = 16;
  static final int BLOCKS = 3;

  private static final int HEAD = 8;

  private PlantedModel() {}

  /** The planted direction [D], of unit length. */
  static float[] direction() {
    float[] u = new float[WIDTH];
    Random random = new Random(2);
    double squares = 0;
    for (int j = 0; j < WIDTH; j++) {
      u[j] = (float) random.nextGaussian();
      squares += u[j] * u[j];
    }
    for (int j = 0; j < WIDTH; j++) {
      u[j] /= (float) Math.sqrt(squares);
    }
    return u;
  }

  /** Pairs that differ in the concept's letter alone. */
  static List<ContrastPair> pairs(int n) {
    Random random = new Random(3);
    List<ContrastPair> pairs = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      StringBuilder text = new StringBuilder();
      for (int k = 0; k < 4 + random.nextInt(6); k++) {
        text.append((char) ('a' + random.nextInt(26)));
      }
      pairs.add(
          new ContrastPair(
              Prompt.user(text + "+" + (char) ('a' + i % 26)),
              Prompt.user(text + "-" + (char) ('a' + i % 26))));
    }
    return pairs;
  }

  static Path write(Path folder) throws IOException {
    Map<String, Integer> vocabulary = ByteTokenizer.bytes();
    int v = vocabulary.size() + 2;
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of("LlamaForCausalLM"));
    config.put("model_type", "llama");
    config.put("vocab_size", v);
    config.put("hidden_size", WIDTH);
    config.put("num_hidden_layers", BLOCKS);
    config.put("num_attention_heads", WIDTH / HEAD);
    config.put("num_key_value_heads", WIDTH / HEAD);
    config.put("head_dim", HEAD);
    config.put("intermediate_size", 16);
    config.put("max_position_embeddings", 64);
    config.put("rms_norm_eps", 1e-5);
    config.put("rope_theta", 10_000.0);
    config.put("hidden_act", "silu");
    config.put("tie_word_embeddings", false);
    config.put("eos_token_id", vocabulary.size() + 1);
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), new Gson().toJson(config));
    ByteTokenizer.write(folder, vocabulary);
    Random random = new Random(1);
    List<TensorSource> tensors = new ArrayList<>();
    float[] embeddings = normal(random, v * WIDTH, 0.3);
    for (String letter : List.of("+", "-")) { // nothing but the concept
      int row = vocabulary.get(letter) * WIDTH;
      java.util.Arrays.fill(embeddings, row, row + WIDTH, 0);
    }
    add(embeddings, vocabulary.get("+"), 2);
    add(embeddings, vocabulary.get("-"), -2);
    tensor(tensors, "model.embed_tokens.weight", embeddings, v, WIDTH);
    for (int b = 0; b < BLOCKS; b++) {
      String block = "model.layers." + b + ".";
      for (String name : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        boolean planted = b == 0 && (name.equals("v_proj") || name.equals("o_proj"));
        tensor(
            tensors,
            block + "self_attn." + name + ".weight",
            planted ? identity(name.equals("o_proj") ? 2 : 1) : normal(random, 256, 0.02),
            WIDTH,
            WIDTH);
      }
      for (String name : List.of("gate_proj", "up_proj", "down_proj")) {
        tensor(tensors, block + "mlp." + name + ".weight", normal(random, 256, 0.05), 16, WIDTH);
      }
      for (String name : List.of("input_layernorm", "post_attention_layernorm")) {
        tensor(tensors, block + name + ".weight", ones(), WIDTH);
      }
    }
    tensor(tensors, "model.norm.weight", ones(), WIDTH);
    float[] head = new float[v * WIDTH];
    add(head, vocabulary.get("A"), 5);
    add(head, vocabulary.get("B"), -5);
    tensor(tensors, "lm_head.weight", head, v, WIDTH);
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
    return folder;
  }

  private static void tensor(List<TensorSource> to, String name, float[] values, long... shape) {
    to.add(TensorSource.of(name, StorageType.F32, shape, values));
  }

  private static void add(float[] table, int row, double factor) {
    float[] u = direction();
    for (int j = 0; j < WIDTH; j++) {
      table[row * WIDTH + j] += (float) (factor * u[j]);
    }
  }

  private static float[] normal(Random random, int n, double deviation) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return values;
  }

  private static float[] identity(float factor) {
    float[] values = new float[WIDTH * WIDTH];
    for (int j = 0; j < WIDTH; j++) {
      values[j * WIDTH + j] = factor;
    }
    return values;
  }

  private static float[] ones() {
    float[] values = new float[WIDTH];
    java.util.Arrays.fill(values, 1);
    return values;
  }
}
