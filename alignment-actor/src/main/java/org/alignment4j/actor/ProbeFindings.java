package org.alignment4j.actor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.alignment4j.actor.ProbeReport.LayerChoice;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.Rate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Combines a probe's measurements and derives warnings about what they do not show.
 *
 * @param measures the contrast prompts that are used to measure
 * @param leftOut number of contrast prompts left out as duplicates or anchors
 */
record ProbeFindings(
    List<Prompt> harmful,
    List<Prompt> benign,
    Contrast contrast,
    Contrast.Part measures,
    int leftOut) {
  private static final Logger LOG = LoggerFactory.getLogger(ProbeFindings.class);

  /** From this AUROC on, wording alone explains what the hidden states separate. */
  private static final double EXPLAINED_BY_WORDING = 0.9;

  private static final double CHANCE = 0.5;

  ProbeReport report(
      LayerChoice choice,
      List<LayerScore> scores,
      RefusalOpeners openers,
      AnchorScores anchors,
      @Nullable Auroc onContrast,
      double threshold,
      double falsePositives) {
    List<String> bad = texts(harmful);
    List<String> good = texts(benign);
    Auroc bagOfWords = BagOfWords.heldOut(bad, good);
    Auroc contrastBagOfWords = null;
    if (!contrast.isEmpty()) {
      BagOfWords fit = BagOfWords.fit(bad, good);
      contrastBagOfWords =
          contrast.auroc(
              fit.logOdds(texts(contrast.harmful())),
              fit.logOdds(texts(contrast.harmless())),
              fit.logOdds(bad),
              fit.logOdds(good),
              measures);
    }
    Rate wrong = flagged(anchors.benign(), threshold);
    List<String> warnings = new ArrayList<>();
    addIfNotNull(warnings, withoutCause(choice, scores, openers));
    addIfNotNull(warnings, heldOut(anchors.auroc()));
    addIfNotNull(warnings, wording(bagOfWords, anchors.auroc()));
    if (onContrast != null && contrastBagOfWords != null) {
      addIfNotNull(warnings, contrast(onContrast, contrastBagOfWords));
    }
    if (wrong.n() > 0 && wrong.lo() > falsePositives) {
      warnings.add(
          String.format(
              Locale.ROOT,
              "Held out, %d of %d benign anchors reach the threshold, more than the %s requested.",
              wrong.k(),
              wrong.n(),
              falsePositives));
    }
    if (leftOut > 0) {
      warnings.add(leftOut + " contrast prompts were left out: duplicates, or anchors as well.");
    }
    warnings.forEach(w -> LOG.warn("{}", w));
    return new ProbeReport(
        choice,
        anchors.auroc(),
        wrong,
        flagged(anchors.harmful(), threshold),
        onContrast,
        bagOfWords,
        contrastBagOfWords,
        openers.harmful(),
        openers.benign(),
        warnings);
  }

  private static void addIfNotNull(List<String> warnings, @Nullable String warning) {
    if (warning != null) {
      warnings.add(warning);
    }
  }

  private static @Nullable String withoutCause(
      LayerChoice choice, List<LayerScore> scores, RefusalOpeners openers) {
    String so =
        choice == LayerChoice.GIVEN ? "" : " The layer was chosen by " + choice.description() + ".";
    if (openers.ids().isEmpty()) {
      return String.format(
          Locale.ROOT,
          "No causal scores: the model refuses %d of %d harmful and %d of %d benign anchors, %s.%s",
          openers.harmful().k(),
          openers.harmful().n(),
          openers.benign().k(),
          openers.benign().n(),
          "too few to learn how its refusals start; whether the direction causes refusal is not"
              + " measured",
          so);
    }
    boolean none = scores.stream().noneMatch(s -> s.causal() > 0);
    return none ? "Adding the direction raises refusal at no layer." + so : null;
  }

  private static @Nullable String heldOut(Auroc anchors) {
    if (Double.isNaN(anchors.estimate())) {
      return "Too few distinct anchors to hold any out: whether the direction separates other"
          + " prompts is not measured.";
    }
    return anchors.lo() <= CHANCE
        ? "The direction separates held-out anchors no better than chance: AUROC "
            + text(anchors)
            + "."
        : null;
  }

  private @Nullable String wording(Auroc bagOfWords, Auroc anchors) {
    boolean asWell = bagOfWords.estimate() >= anchors.lo() && bagOfWords.lo() > CHANCE;
    if (!(bagOfWords.estimate() >= EXPLAINED_BY_WORDING || asWell)) {
      return null;
    }
    return "The anchors differ in wording or topic: a bag-of-words classifier separates them"
        + " with a held-out AUROC of "
        + text(bagOfWords)
        + ", so the direction may be one of wording. "
        + (contrast.isEmpty()
            ? "Give contrast prompts: harmful ones worded as harmless ones, and the reverse."
            : "Rely on the contrast prompts.");
  }

  private static @Nullable String contrast(Auroc probe, Auroc bagOfWords) {
    if (Double.isNaN(probe.estimate())) {
      return "Too few contrast prompts to measure on.";
    }
    if (probe.lo() <= CHANCE) {
      return "On contrast prompts the probe is no better than chance: AUROC " + text(probe) + ".";
    }
    return bagOfWords.estimate() >= probe.lo()
        ? "A bag-of-words classifier trained on the anchors does as well on the contrast"
            + " prompts: AUROC "
            + text(bagOfWords)
            + "."
        : null;
  }

  private static String text(Auroc a) {
    return String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", a.estimate(), a.lo(), a.hi());
  }

  private static Rate flagged(double[] scores, double threshold) {
    return new Rate(Arrays.stream(scores).filter(s -> s >= threshold).count(), scores.length);
  }

  private static List<String> texts(List<Prompt> prompts) {
    return prompts.stream().map(p -> p.last().text()).toList();
  }
}
