package org.alignment4j.examples.cli.guard;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.alignment4j.examples.cli.option.AttackList;
import org.alignment4j.safety.Attack;
import picocli.CommandLine.Option;

/** Options for the attacks under which a guard is trained. */
final class Wordings {
  @Option(
      names = "--attacks",
      paramLabel = "LIST",
      converter = AttackList.Converter.class,
      description = "attacks or attack families that are also applied to prompts of both classes")
  private AttackList attacks = AttackList.NONE;

  @Option(
      names = "--wordings",
      paramLabel = "N",
      defaultValue = "1",
      description = "number of attacks per prompt, sampled by seed (default: ${DEFAULT-VALUE})")
  private int wordings;

  void check() {
    require(wordings >= 1, "--wordings must be >= 1, was %s", wordings);
  }

  /** Returns a prompt unchanged, and under some of the attacks, sampled by seed and row. */
  List<String> of(String prompt, int row, long seed) {
    List<String> all = new ArrayList<>(List.of(prompt));
    List<Attack> left = new ArrayList<>(attacks.attacks());
    SplittableRandom random = new SplittableRandom(seed * 31 + row);
    for (int i = 0; i < wordings && !left.isEmpty(); i++) {
      all.add(left.remove(random.nextInt(left.size())).apply(prompt, seed + row));
    }
    return all;
  }
}
