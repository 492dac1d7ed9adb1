package org.alignment4j.data.induction;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.testing.RandomChatModel;

/**
 * A planted inverse: the response names a word, and the instruction that it answers asks for its
 * partner in a fixed mapping ("run run then run run" is the answer to "say sing and sing please").
 */
final class InstructionTask {
  static final List<String> WORDS = List.of("run", "jump", "walk", "sing", "read", "cook");

  private static final List<String> FILLERS = List.of("well", "then", "to", "the");

  /** Those of the template and of the texts, a token each. */
  private static final List<String> OTHERS =
      List.of(
          "Below",
          "is",
          "a",
          "response",
          "that",
          "somebody",
          "gave",
          "to",
          "an",
          "instruction",
          "Write",
          "the",
          "Response",
          "Instruction",
          "well",
          "then",
          "say",
          "and",
          "please");

  private InstructionTask() {}

  static Path writeRandom(Path folder) throws IOException {
    List<String> words = new ArrayList<>(WORDS);
    words.addAll(OTHERS);
    return RandomChatModel.write(folder, words);
  }

  /** Writes a model that has learned how instructions look, but each word its own partner. */
  static Path writeFluent(Path folder) throws IOException {
    writeRandom(folder);
    return RandomChatModel.teach(
        folder,
        model -> {
          ReversedEncoder encoder =
              new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 128);
          return rows(300, 8, UnaryOperator.identity()).stream()
              .map(row -> encoder.encode(row).row().orElseThrow().row())
              .toList();
        },
        8,
        5);
  }

  private static String partner(String word) {
    return WORDS.get((WORDS.indexOf(word) * 5 + 3) % WORDS.size());
  }

  static List<InstructionSplit.Row> rows(int n, long seed) {
    return rows(n, seed, InstructionTask::partner);
  }

  private static List<InstructionSplit.Row> rows(int n, long seed, UnaryOperator<String> partner) {
    Random random = new Random(seed);
    List<InstructionSplit.Row> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      String word = WORDS.get(random.nextInt(WORDS.size()));
      List<String> response = new ArrayList<>(Collections.nCopies(10, word));
      for (int k = 0; k < 5; k++) {
        response.add(
            random.nextInt(response.size() + 1), FILLERS.get(random.nextInt(FILLERS.size())));
      }
      rows.add(
          new InstructionSplit.Row(
              "row " + i,
              "say " + partner.apply(word) + " and " + partner.apply(word) + " please",
              String.join(" ", response)));
    }
    return rows;
  }
}
