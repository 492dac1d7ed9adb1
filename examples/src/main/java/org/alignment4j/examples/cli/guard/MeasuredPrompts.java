package org.alignment4j.examples.cli.guard;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.Prompts;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.AttackEvaluator;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options for the prompts that guards are measured on. */
final class MeasuredPrompts {
  /** Tokens reserved for the chat template and for text of guards. */
  private static final int SPARE_TOKENS = 64;

  @Mixin private HarmfulFiles harmful = new HarmfulFiles();

  @Option(
      names = "--safe",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "prompts to be answered; several separated by commas")
  @CheckedPath(CheckedPath.Kind.FILE)
  private List<Path> safe = List.of();

  @Option(
      names = "--first",
      paramLabel = "N",
      description = "use the first N prompts of each file (default: all)")
  private int first;

  /** Returns a set for each file, the harmful ones first. */
  List<AttackEvaluator.Prompts> read() {
    return Stream.concat(
            harmful.get().stream().map(f -> set(f, true)), safe.stream().map(f -> set(f, false)))
        .toList();
  }

  private AttackEvaluator.Prompts set(Path file, boolean isHarmful) {
    List<String> all = Prompts.texts(Prompts.read(file));
    List<String> some = first > 0 ? all.subList(0, Math.min(first, all.size())) : all;
    return new AttackEvaluator.Prompts(file.getFileName().toString(), isHarmful, some);
  }

  /**
   * Returns the sets without prompts that are too long under some attack, so that all guards are
   * measured on the same prompts.
   *
   * @param answer number of tokens reserved for the response
   * @param left receives the number of prompts left out of each set
   */
  static List<AttackEvaluator.Prompts> fitting(
      List<AttackEvaluator.Prompts> sets,
      LanguageModel m,
      String system,
      int answer,
      MeasuredAttacks attacks,
      Map<String, Object> left) {
    int room =
        m.longestSequence() - answer - m.tokenizer().encodeText(system).length - SPARE_TOKENS;
    List<AttackEvaluator.Prompts> all = new ArrayList<>();
    for (AttackEvaluator.Prompts set : sets) {
      List<String> kept = new ArrayList<>();
      for (int i = 0; i < set.prompts().size(); i++) {
        String prompt = set.prompts().get(i);
        int length =
            attacks
                .wordings(prompt, i)
                .mapToInt(text -> m.tokenizer().encodeText(text).length)
                .max()
                .orElseThrow();
        if (length <= room) {
          kept.add(prompt);
        }
      }
      left.put(set.name(), set.prompts().size() - kept.size());
      all.add(new AttackEvaluator.Prompts(set.name(), set.harmful(), kept));
    }
    return all;
  }

  /** Returns the unchanged prompts of one class. */
  static List<Prompt> of(List<AttackEvaluator.Prompts> sets, boolean harmful) {
    return sets.stream()
        .filter(s -> s.harmful() == harmful)
        .flatMap(s -> s.prompts().stream())
        .map(Prompt::user)
        .toList();
  }
}
