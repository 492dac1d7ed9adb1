package org.alignment4j.examples.cli.tune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ContrastPairs;
import org.alignment4j.chat.Prompt;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.BenignFile;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.HarmfulFile;
import org.alignment4j.examples.cli.option.PseudoHarmfulFile;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The prompts that a method against over-refusal tunes on, a fifth of them held out. */
final class TunedPrompts {
  private static final double HELD_OUT = 0.2;

  @Mixin private HarmfulFile harmful = new HarmfulFile();
  @Mixin private BenignFile benign = new BenignFile();
  @Mixin private PseudoHarmfulFile pseudoHarmful = new PseudoHarmfulFile();

  @Option(
      names = "--contrast",
      paramLabel = "FILE",
      description =
          "prompts to be refused in the wording of the pseudo-harmful ones, such as XSTest's"
              + " unsafe half")
  @CheckedPath(CheckedPath.Kind.FILE)
  private @Nullable Path contrast;

  @Option(
      names = "--contrast-pairs",
      paramLabel = "N",
      description =
          "add N of the library's own pairs of a harmless and a harmful question in the same"
              + " words (default: 0)")
  private int pairs;

  /**
   * @param seed of what is held out
   */
  ActorPrompts read(long seed) {
    List<Prompt> toAnswer = new ArrayList<>(PromptFile.read(pseudoHarmful.get()));
    List<Prompt> toRefuse = new ArrayList<>();
    if (contrast != null) {
      toRefuse.addAll(PromptFile.read(contrast));
    }
    if (pairs != 0) {
      ContrastPairs own = ContrastPairs.generate(pairs, seed);
      toAnswer.addAll(own.harmless());
      toRefuse.addAll(own.harmful());
    }
    return ActorPrompts.holdingOut(
        PromptFile.read(harmful.get()),
        PromptFile.read(benign.get()),
        toAnswer,
        toRefuse,
        HELD_OUT,
        seed);
  }
}
