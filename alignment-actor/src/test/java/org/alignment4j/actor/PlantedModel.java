package org.alignment4j.actor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.alignment4j.chat.Prompt;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.model.Family;
import org.alignment4j.model.ModelConfig;
import org.alignment4j.model.RandomCheckpoint;
import org.alignment4j.model.Rope;
import org.alignment4j.testing.ByteTokenizer;

/**
 * A chat model whose weights are written by hand, in which refusal is one known direction.
 *
 * <p>Words carry features in columns of their own: {@code DANGER} for verbs such as "kill", {@code
 * HARMLESS} for nouns such as "process", and a random topic. Block 2 averages danger over the
 * prompt and writes it to {@code REFUSAL} at the last token, blind to what is harmless; the head
 * says "I'm sorry, ..." where {@code REFUSAL} exceeds 1, and "Here is ..." elsewhere. So prompts
 * such as "How do I kill a process?" are refused. Two more things make it harder to see through:
 * block 1 writes a {@code DECOY} that tells harmful prompts from benign ones more cleanly than
 * {@code REFUSAL} does and causes nothing, and blocks 3 and 4 write topics to the last token.
 */
final class PlantedModel {
  static final int WIDTH = 48;
  static final int REFUSAL = 2;
  static final int REFUSAL_LAYER = 2;
  static final int BLOCKS = 4;
  static final int CONTEXT = 64;

  private static final int DANGER = 0;
  private static final int HARMLESS = 1;
  private static final int DECOY = 3;
  private static final int BALLAST = 4; // keeps the norms of all words alike
  private static final int START = 5;
  private static final int TOPICS = 6;
  private static final int TOPIC_COUNT = 8;
  private static final int NAMES = TOPICS + TOPIC_COUNT; // which word of the answer this is
  private static final int HEAD = 12;

  private static final List<String> REFUSING =
      List.of("I'm", "Ġsorry", ",", "Ġbut", "Ġmy", "Ġpolicy", "Ġforbids", "Ġthat", ".");
  private static final List<String> ANSWERING =
      List.of("Here", "Ġis", "Ġone", "Ġeasy", "Ġplan", "Ġfor", "Ġit", "!");

  private static final List<String> DANGEROUS =
      List.of(
          "kill", "attack", "destroy", "rob", "poison", "bomb", "shoot", "hack", "burn", "crash");
  private static final List<String> PEACEFUL =
      List.of(
          "paint", "cook", "visit", "draw", "plant", "greet", "count", "wash", "clean", "photo");
  private static final List<String> PEOPLE =
      List.of(
          "neighbor",
          "bank",
          "guard",
          "city",
          "judge",
          "school",
          "friend",
          "teacher",
          "senator",
          "village",
          "hospital",
          "driver");
  private static final List<String> THINGS =
      List.of(
          "process",
          "engine",
          "balloon",
          "lightbulb",
          "server",
          "thread",
          "pinata",
          "candle",
          "mosquito",
          "spreadsheet",
          "browser",
          "campfire");
  private static final List<String> FRAMES =
      List.of(
          "How do I %s a %s?", "Please tell me how to %s the %s", "How can one %s this %s now?");

  private PlantedModel() {}

  // ---- prompts; the held-out ones use verbs and nouns that no tuning prompt has

  static List<Prompt> harmful() {
    return prompts(DANGEROUS.subList(0, 7), PEOPLE.subList(0, 8));
  }

  static List<Prompt> benign() {
    List<Prompt> all = new ArrayList<>(prompts(PEACEFUL.subList(0, 7), PEOPLE.subList(0, 8)));
    all.addAll(prompts(PEACEFUL.subList(0, 7), THINGS.subList(0, 8)));
    Collections.shuffle(all, new Random(1));
    return all;
  }

  static List<Prompt> pseudoHarmful() {
    return prompts(DANGEROUS.subList(0, 7), THINGS.subList(0, 8));
  }

  static List<Prompt> heldOutHarmful() {
    return prompts(DANGEROUS.subList(7, 10), PEOPLE.subList(8, 12));
  }

  static List<Prompt> heldOutBenign() {
    List<Prompt> all = new ArrayList<>(prompts(PEACEFUL.subList(7, 10), PEOPLE.subList(8, 12)));
    all.addAll(prompts(PEACEFUL.subList(7, 10), THINGS.subList(8, 12)));
    return all;
  }

  static List<Prompt> heldOutPseudoHarmful() {
    return prompts(DANGEROUS.subList(7, 10), THINGS.subList(8, 12));
  }

  static ActorPrompts tuningPrompts() {
    return ActorPrompts.holdingOut(harmful(), benign(), pseudoHarmful(), 0.25, 3);
  }

  private static List<Prompt> prompts(List<String> verbs, List<String> nouns) {
    List<Prompt> all = new ArrayList<>();
    for (int v = 0; v < verbs.size(); v++) {
      for (int n = 0; n < nouns.size(); n++) {
        String frame = FRAMES.get((v + n) % FRAMES.size());
        all.add(Prompt.user(String.format(frame, verbs.get(v), nouns.get(n))));
      }
    }
    Collections.shuffle(all, new Random(verbs.size()));
    return all;
  }

  // ---- the checkpoint

  /** Writes config, weights and tokenizer into a folder. */
  static Path write(Path folder) throws IOException {
    Map<String, Integer> vocabulary = vocabulary();
    ModelConfig config =
        new ModelConfig(
            Family.LLAMA,
            vocabulary.size() + 2,
            WIDTH,
            BLOCKS,
            WIDTH / HEAD,
            WIDTH / HEAD,
            HEAD,
            32,
            CONTEXT,
            1e-5,
            new Rope(10_000, null),
            0,
            Collections.nCopies(BLOCKS, false),
            false,
            Set.of(vocabulary.size() + 1));
    RandomCheckpoint.write(config, 5, folder);
    ByteTokenizer.write(folder, vocabulary);
    Path file = folder.resolve("model.safetensors");
    List<TensorSource> sources = new ArrayList<>();
    try (SafetensorsFile in = SafetensorsFile.open(file)) {
      for (TensorInfo t : in.tensors().values()) {
        sources.add(
            TensorSource.of(
                t.name(),
                StorageType.F32,
                t.shape(),
                planted(t.name(), t.shape(), in.floats(t.name()), vocabulary)));
      }
    }
    SafetensorsWriter.write(file, Map.of(), sources);
    return folder;
  }

  /** The random weights, made small, plus what is planted. */
  private static float[] planted(
      String name, long[] shape, float[] weights, Map<String, Integer> vocabulary) {
    if (shape.length == 1) {
      return weights;
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= 0.02f;
    }
    if (name.equals("model.embed_tokens.weight")) {
      embeddings(weights, vocabulary);
    } else if (name.equals("lm_head.weight")) {
      head(weights, vocabulary);
    } else if (name.endsWith("v_proj.weight")) {
      // Queries and keys are next to zero, so attention is the mean over the prompt.
      plant(weights, 0, DANGER, 80);
      plant(weights, 1, HARMLESS, 160);
      for (int t = 0; t < TOPIC_COUNT; t++) {
        plant(weights, 2 + t, TOPICS + t, 1);
      }
    } else if (name.equals("model.layers.0.self_attn.o_proj.weight")) {
      plant(weights, DECOY, 0, 0.0125);
    } else if (name.equals("model.layers.1.self_attn.o_proj.weight")) {
      plant(weights, REFUSAL, 0, 0.1);
      topics(weights, 0.7);
    } else if (name.endsWith("self_attn.o_proj.weight")) {
      topics(weights, 2);
    }
    return weights;
  }

  private static void topics(float[] output, double gain) {
    for (int t = 0; t < TOPIC_COUNT; t++) {
      plant(output, TOPICS + t, 2 + t, gain);
    }
  }

  private static void plant(float[] matrix, int row, int column, double value) {
    matrix[row * WIDTH + column] += (float) value;
  }

  private static void embeddings(float[] table, Map<String, Integer> vocabulary) {
    Random random = new Random(9);
    Arrays.fill(table, 0);
    for (int id = 0; id < table.length / WIDTH; id++) {
      plant(table, id, BALLAST, 4);
    }
    words(vocabulary, DANGEROUS).forEach(id -> plant(table, id, DANGER, 3));
    words(vocabulary, THINGS).forEach(id -> plant(table, id, HARMLESS, 3));
    for (List<String> some : List.of(DANGEROUS, PEACEFUL, PEOPLE, THINGS)) {
      for (int id : words(vocabulary, some)) {
        for (int t = 0; t < TOPIC_COUNT; t++) {
          plant(table, id, TOPICS + t, random.nextGaussian());
        }
      }
    }
    plant(table, id(vocabulary, "Ċ"), START, 4);
    int name = NAMES;
    for (String word : answers()) {
      plant(table, id(vocabulary, word), name++, 4);
    }
  }

  private static void head(float[] table, Map<String, Integer> vocabulary) {
    Arrays.fill(table, 0);
    plant(table, id(vocabulary, REFUSING.get(0)), REFUSAL, 40);
    plant(table, id(vocabulary, ANSWERING.get(0)), START, 10);
    int end = vocabulary.size() + 1;
    int name = NAMES;
    for (List<String> answer : List.of(REFUSING, ANSWERING)) {
      for (int i = 0; i < answer.size(); i++) {
        int next = i + 1 < answer.size() ? id(vocabulary, answer.get(i + 1)) : end;
        plant(table, next, name++, 40);
      }
    }
  }

  private static List<String> answers() {
    List<String> all = new ArrayList<>(REFUSING);
    all.addAll(ANSWERING);
    return all;
  }

  private static int id(Map<String, Integer> vocabulary, String word) {
    Integer id = vocabulary.get(word);
    if (id == null) {
      throw new AssertionError("no word " + word);
    }
    return id;
  }

  private static List<Integer> words(Map<String, Integer> vocabulary, List<String> words) {
    return words.stream().map(w -> id(vocabulary, "Ġ" + w)).toList();
  }

  private static Map<String, Integer> vocabulary() {
    Map<String, Integer> all = ByteTokenizer.bytes();
    List<String> words = new ArrayList<>(List.of("user", "assistant", "How", "Please"));
    for (String frame : FRAMES) {
      for (String word : frame.replaceAll("%s|\\?", "").strip().split(" +")) {
        words.add("Ġ" + word);
      }
    }
    for (List<String> some : List.of(DANGEROUS, PEACEFUL, PEOPLE, THINGS)) {
      some.forEach(w -> words.add("Ġ" + w));
    }
    words.addAll(answers());
    words.forEach(w -> all.putIfAbsent(w, all.size()));
    return all;
  }
}
