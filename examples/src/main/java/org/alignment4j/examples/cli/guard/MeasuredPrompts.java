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

/** The prompts that guards are measured on. */
final class MeasuredPrompts {
  /** Kept free for the words of a chat template and of guards. */
  private static final int SPARE_TOKENS = 64;

  @Mixin private HarmfulFiles harmful = new HarmfulFiles();

  @Option(
      names = "--safe",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "prompts to be answered; several with commas")
  @CheckedPath(CheckedPath.Kind.FILE)
  private List<Path> safe = List.of();

  @Option(
      names = "--first",
      paramLabel = "N",
      description = "of each file the first N prompts (default: all)")
  private int first;

  /** A set of each file, the harmful ones first. */
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
   * The sets without prompts that are too long in some wording, so that all guards see the same.
   *
   * @param answer tokens that are kept free for the answer
   * @param left gets how many were left out of each set
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
        int longest =
            attacks
                .wordings(prompt, i)
                .mapToInt(text -> m.tokenizer().encodeText(text).length)
                .max()
                .orElseThrow();
        if (longest <= room) {
          kept.add(prompt);
        }
      }
      left.put(set.name(), set.prompts().size() - kept.size());
      all.add(new AttackEvaluator.Prompts(set.name(), set.harmful(), kept));
    }
    return all;
  }

  /** The prompts of one kind, as they are. */
  static List<Prompt> of(List<AttackEvaluator.Prompts> sets, boolean harmful) {
    return sets.stream()
        .filter(s -> s.harmful() == harmful)
        .flatMap(s -> s.prompts().stream())
        .map(Prompt::user)
        .toList();
  }
}
