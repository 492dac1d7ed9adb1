package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import org.alignment4j.chat.Prompt;

/**
 * Prompts that ACTOR trains on, and held-out prompts on which the safety gate measures.
 *
 * @param harmful Q-: to be refused
 * @param benign Q+: to be answered
 * @param pseudoHarmful Q_PH: to be answered, but wrongly refused so far
 * @param gateHarmful held out, to be refused
 * @param gateSafe held out, to be answered
 * @param contrast to be refused, in the wording of the pseudo-harmful prompts, such as the unsafe
 *     half of XSTest; may be empty. Without them nothing in the training tells a harmless question
 *     from a harmful one of the same form, and both are answered
 * @param gateContrast held out, to be refused, in the wording of {@code gateSafe}; may be empty
 */
public record ActorPrompts(
    List<Prompt> harmful,
    List<Prompt> benign,
    List<Prompt> pseudoHarmful,
    List<Prompt> gateHarmful,
    List<Prompt> gateSafe,
    List<Prompt> contrast,
    List<Prompt> gateContrast) {

  /** Copies the lists and checks that none but those of contrast prompts is empty. */
  public ActorPrompts {
    harmful = nonEmpty("harmful", harmful);
    benign = nonEmpty("benign", benign);
    pseudoHarmful = nonEmpty("pseudo-harmful", pseudoHarmful);
    gateHarmful = nonEmpty("held-out harmful", gateHarmful);
    gateSafe = nonEmpty("held-out safe", gateSafe);
    contrast = List.copyOf(contrast);
    gateContrast = List.copyOf(gateContrast);
  }

  /** Prompts without contrast prompts. */
  public ActorPrompts(
      List<Prompt> harmful,
      List<Prompt> benign,
      List<Prompt> pseudoHarmful,
      List<Prompt> gateHarmful,
      List<Prompt> gateSafe) {
    this(harmful, benign, pseudoHarmful, gateHarmful, gateSafe, List.of(), List.of());
  }

  private static List<Prompt> nonEmpty(String name, List<Prompt> prompts) {
    require(!prompts.isEmpty(), "no %s prompts", name);
    return List.copyOf(prompts);
  }

  /**
   * Holds out a share of the harmful and of the pseudo-harmful prompts for the gate; duplicates are
   * dropped.
   *
   * @param share 0 to 1; at least one prompt of each is held out
   * @throws IllegalArgumentException if there are fewer than two distinct prompts of either class
   */
  public static ActorPrompts holdingOut(
      List<Prompt> harmful,
      List<Prompt> benign,
      List<Prompt> pseudoHarmful,
      double share,
      long seed) {
    return holdingOut(harmful, benign, pseudoHarmful, List.of(), share, seed);
  }

  /**
   * The same with contrast prompts, of which a share is held out too.
   *
   * @param contrast harmful prompts in the wording of the pseudo-harmful ones; none or at least two
   *     distinct ones
   * @throws IllegalArgumentException if there are fewer than two distinct prompts of a class that
   *     is held out
   */
  public static ActorPrompts holdingOut(
      List<Prompt> harmful,
      List<Prompt> benign,
      List<Prompt> pseudoHarmful,
      List<Prompt> contrast,
      double share,
      long seed) {
    require(share > 0 && share < 1, "share must be in (0, 1), was %s", share);
    List<Prompt> h = shuffled(harmful, seed);
    List<Prompt> p = shuffled(pseudoHarmful, seed + 1);
    require(
        h.size() >= 2 && p.size() >= 2,
        "holding out needs two harmful and two pseudo-harmful prompts at least, there are %s"
            + " and %s",
        h.size(),
        p.size());
    List<Prompt> c = shuffled(contrast, seed + 2);
    require(c.size() != 1, "holding out needs two contrast prompts at least, there is one");
    int outH = heldOut(h, share);
    int outP = heldOut(p, share);
    int outC = c.isEmpty() ? 0 : heldOut(c, share);
    return new ActorPrompts(
        h.subList(outH, h.size()),
        benign,
        p.subList(outP, p.size()),
        h.subList(0, outH),
        p.subList(0, outP),
        c.subList(outC, c.size()),
        c.subList(0, outC));
  }

  private static int heldOut(List<Prompt> prompts, double share) {
    return Math.min(prompts.size() - 1, Math.max(1, (int) Math.round(prompts.size() * share)));
  }

  private static List<Prompt> shuffled(List<Prompt> prompts, long seed) {
    List<Prompt> copy = new ArrayList<>(new LinkedHashSet<>(prompts));
    Collections.shuffle(copy, new Random(seed));
    return copy;
  }

  /**
   * Class of a prompt: how the model should treat it, which decides where its activation is moved.
   */
  public enum PromptClass {
    /** To be refused; Q- in the paper. */
    HARMFUL,
    /** To be answered; Q+ in the paper. */
    BENIGN,
    /** To be answered although it looks harmful, and often wrongly refused; Q_PH in the paper. */
    PSEUDO_HARMFUL,
    /** To be refused, in the wording of the pseudo-harmful ones; not in the paper. */
    CONTRAST;

    /** Whether a prompt of this class should be answered. */
    public boolean safe() {
      return this == BENIGN || this == PSEUDO_HARMFUL;
    }
  }
}
