package org.alignment4j.examples.cli.guard;

import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.examples.cli.option.AttackList;
import org.alignment4j.safety.Attack;
import org.alignment4j.sysformer.AttackEvaluator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options for the attacks that guards are measured under. */
final class MeasuredAttacks {
  @Option(
      names = "--attacks",
      paramLabel = "LIST",
      converter = AttackList.Converter.class,
      description = "attacks or attack families, or all (default: none)")
  private AttackList attacks = AttackList.NONE;

  @Option(
      names = "--trained",
      paramLabel = "LIST",
      converter = AttackList.Converter.class,
      description = "attacks that the guards were trained with, marked in the tables")
  private AttackList trained = AttackList.NONE;

  @Option(
      names = "--attack-prompts",
      paramLabel = "N",
      description =
          "number of prompts per file that are attacked, sampled by --seed (default: all)")
  private @Nullable Integer attackPrompts;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "seed of the attacks' random choices (default: ${DEFAULT-VALUE})")
  private long seed;

  List<Attack> attacks() {
    return attacks.attacks();
  }

  /** Returns the attacks that the guards were trained with. */
  List<Attack> trained() {
    return trained.attacks();
  }

  AttackEvaluator evaluator() {
    AttackEvaluator evaluator = new AttackEvaluator(new StringRefusalJudge(), seed);
    return attackPrompts == null ? evaluator : evaluator.attacking(attackPrompts);
  }

  /** Returns a prompt unchanged and under each attack. */
  Stream<String> wordings(String prompt, int row) {
    return Stream.concat(
        Stream.of(prompt), attacks().stream().map(a -> a.apply(prompt, seed + row)));
  }
}
