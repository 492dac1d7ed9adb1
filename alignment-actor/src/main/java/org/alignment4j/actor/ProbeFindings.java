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
 * Puts a probe's measurements together and says what they do not show.
 *
 * @param measures the part of the contrast prompts that measures
 * @param leftOut contrast prompts that were given twice or are anchors
 */
record ProbeFindings(
    List<Prompt> harmful,
    List<Prompt> benign,
    Contrast contrast,
    Contrast.Part measures,
    int leftOut) {
  private static final Logger LOG = LoggerFactory.getLogger(ProbeFindings.class);

  /** From here on words alone explain what hidden states tell apart. */
  private static final double TOLD_BY_WORDS = 0.9;

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
    Auroc words = BagOfWords.heldOut(bad, good);
    Auroc contrastWords = null;
    if (!contrast.isEmpty()) {
      BagOfWords fit = BagOfWords.fit(bad, good);
      contrastWords =
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
    addIfNotNull(warnings, wording(words, anchors.auroc()));
    if (onContrast != null && contrastWords != null) {
      addIfNotNull(warnings, contrast(onContrast, contrastWords));
    }
    if (wrong.n() > 0 && wrong.lo() > falsePositives) {
      warnings.add(
          String.format(
              Locale.ROOT,
              "Held out, %d of %d benign anchors reach the threshold, more than the %s asked for.",
              wrong.k(),
              wrong.n(),
              falsePositives));
    }
    if (leftOut > 0) {
      warnings.add(leftOut + " contrast prompts were left out: given twice, or anchors as well.");
    }
    warnings.forEach(w -> LOG.warn("{}", w));
    return new ProbeReport(
        choice,
        anchors.auroc(),
        wrong,
        flagged(anchors.harmful(), threshold),
        onContrast,
        words,
        contrastWords,
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
          "from which no first token of refusals can be learned; whether the direction has to do with"
              + " refusal is not measured",
          so);
    }
    boolean none = scores.stream().noneMatch(s -> s.causal() > 0);
    return none ? "Added, the direction raises refusal at no layer." + so : null;
  }

  private static @Nullable String heldOut(Auroc anchors) {
    if (Double.isNaN(anchors.estimate())) {
      return "Too few different anchors to hold any out: that the direction tells others apart is not"
          + " measured.";
    }
    return anchors.lo() <= CHANCE
        ? "The direction tells held-out anchors apart no better than chance: AUROC "
            + text(anchors)
            + "."
        : null;
  }

  private @Nullable String wording(Auroc words, Auroc anchors) {
    boolean asWell = words.estimate() >= anchors.lo() && words.lo() > CHANCE;
    if (!(words.estimate() >= TOLD_BY_WORDS || asWell)) {
      return null;
    }
    return "The anchors differ in wording or topic: a bag of words tells them apart with a held-out"
        + " AUROC of "
        + text(words)
        + ", so that the direction may be one of wording. "
        + (contrast.isEmpty()
            ? "Give contrast prompts: harmful ones worded as harmless ones, and the reverse."
            : "Go by the contrast prompts.");
  }

  private static @Nullable String contrast(Auroc probe, Auroc words) {
    if (Double.isNaN(probe.estimate())) {
      return "Too few contrast prompts to measure on.";
    }
    if (probe.lo() <= CHANCE) {
      return "On contrast prompts the probe is no better than chance: AUROC " + text(probe) + ".";
    }
    return words.estimate() >= probe.lo()
        ? "A bag of words made of the anchors does as well on the contrast prompts: AUROC "
            + text(words)
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
