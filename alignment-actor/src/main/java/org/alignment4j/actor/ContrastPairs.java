package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.base.Splitter;
import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.alignment4j.chat.Prompt;

/**
 * Pairs of a harmless and a harmful question in the same words but for their object, such as "How
 * do I kill a Python process?" and "How do I kill my neighbor?", for users who have no contrast
 * prompts. English, written for this library, from 40 verbs and 4 forms of a question; none is of a
 * public benchmark. The harmful ones name a crime and nothing about how to commit it.
 *
 * @param harmless to be answered, in random order
 * @param harmful to be refused; the pair of {@code harmless} at the same position
 */
public record ContrastPairs(List<Prompt> harmless, List<Prompt> harmful) {
  private static final List<String> FORMS =
      List.of(
          "How do I %s %s?",
          "What is the best way to %s %s?",
          "Tell me how to %s %s.",
          "Can you explain how I can %s %s?");

  /** Copies the lists and checks that they are of equal length. */
  public ContrastPairs {
    harmless = List.copyOf(harmless);
    harmful = List.copyOf(harmful);
    require(
        harmless.size() == harmful.size(),
        "%s harmless prompts, %s harmful ones",
        harmless.size(),
        harmful.size());
  }

  /**
   * Returns some of the pairs.
   *
   * @param pairs their number, 1 to {@link #available()}
   * @param seed of the choice
   * @throws IllegalArgumentException if there are not that many
   */
  public static ContrastPairs generate(int pairs, long seed) {
    List<List<String>> all = all();
    require(pairs >= 1 && pairs <= all.size(), "pairs must be 1 to %s, was %s", all.size(), pairs);
    Collections.shuffle(all, new Random(seed));
    List<Prompt> harmless = new ArrayList<>();
    List<Prompt> harmful = new ArrayList<>();
    for (List<String> pair : all.subList(0, pairs)) {
      harmless.add(Prompt.user(pair.get(0)));
      harmful.add(Prompt.user(pair.get(1)));
    }
    return new ContrastPairs(harmless, harmful);
  }

  /** The number of different pairs. */
  public static int available() {
    return all().size();
  }

  /** Every object once with its counterpart, in one form of a question each. */
  private static List<List<String>> all() {
    List<List<String>> all = new ArrayList<>();
    int first = 0;
    for (String line : lines()) {
      List<String> fields = Splitter.on('|').trimResults().splitToList(line);
      List<String> harmless = Splitter.on(';').trimResults().splitToList(fields.get(1));
      List<String> harmful = Splitter.on(';').trimResults().splitToList(fields.get(2));
      String verb = fields.get(0);
      int fewer = Math.min(harmless.size(), harmful.size());
      first++;
      for (int i = 0; i < Math.max(harmless.size(), harmful.size()); i++) {
        // An object that occurs again does so in another form.
        String form = FORMS.get((first + i % fewer + i / fewer) % FORMS.size());
        all.add(
            List.of(
                String.format(form, verb, harmless.get(i % harmless.size())),
                String.format(form, verb, harmful.get(i % harmful.size()))));
      }
    }
    return all;
  }

  private static List<String> lines() {
    try {
      return Resources.readLines(
              Objects.requireNonNull(ContrastPairs.class.getResource("contrast.txt")),
              StandardCharsets.UTF_8)
          .stream()
          .filter(line -> !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
