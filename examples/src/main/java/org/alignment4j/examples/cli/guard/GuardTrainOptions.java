package org.alignment4j.examples.cli.guard;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Locale;
import org.alignment4j.examples.cli.option.SeedOption;
import org.alignment4j.sysformer.SysformerSettings;
import org.alignment4j.sysformer.SysformerSettings.LossWeights;
import org.alignment4j.train.TrainingSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Method and settings of {@code guard train}. */
final class GuardTrainOptions {
  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "SYSFORMER",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  private GuardMethod method = GuardMethod.SYSFORMER;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      defaultValue = SysformerSettings.SYSTEM_TEXT,
      description = "the system prompt that is adapted (default: ${DEFAULT-VALUE})")
  private String system = SysformerSettings.SYSTEM_TEXT;

  @Option(names = "--layers", paramLabel = "N", description = "layers of the Sysformer (2)")
  private @Nullable Integer layers;

  @Option(names = "--inner", paramLabel = "N", description = "its inner width (the model's)")
  private @Nullable Integer inner;

  @Option(
      names = "--compliance",
      paramLabel = "X",
      description = "weight of the compliance loss (1)")
  private @Nullable Double compliance;

  @Option(
      names = "--classification",
      paramLabel = "X",
      description = "weight of the classification loss (0)")
  private @Nullable Double classification;

  @Option(
      names = "--reconstruction",
      paramLabel = "X",
      description = "weight of the reconstruction loss (0)")
  private @Nullable Double reconstruction;

  @Option(
      names = "--refusal",
      paramLabel = "TEXT",
      description = "target response to harmful prompts")
  private @Nullable String refusal;

  @Option(
      names = "--affirmation",
      paramLabel = "TEXT",
      description = "target response to the others (default: the model's own responses)")
  private @Nullable String affirmation;

  @Option(
      names = "--opening",
      paramLabel = "TEXT",
      description =
          "prefix of the model's own response where it would refuse; none leaves such prompts"
              + " out (default: \""
              + SysformerSettings.OPENING
              + "\")")
  private @Nullable String opening;

  @Option(
      names = "--reply-tokens",
      paramLabel = "N",
      description = "maximum number of tokens of the model's own responses (64)")
  private @Nullable Integer replyTokens;

  @Option(names = "--epochs", paramLabel = "N", description = "epochs (10; dro 40)")
  private @Nullable Integer epochs;

  @Option(names = "--batch-size", paramLabel = "N", description = "prompts per step (8; dro 50)")
  private @Nullable Integer batch;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "AdamW's learning rate" + " (1e-4; dro 1e-3)")
  private @Nullable Double rate;

  @Mixin private SeedOption seed = new SeedOption(1);

  GuardMethod method() {
    return method;
  }

  String system() {
    return system;
  }

  long seed() {
    return seed.get();
  }

  /** Rejects options that the method does not use, which may be typing errors. */
  void rejectUnused() {
    boolean losses = method.hasLosses();
    boolean targets = method.hasTargets();
    boolean adaptive = method.isAdaptive();
    requireUsed("--layers", layers, adaptive);
    requireUsed("--inner", inner, adaptive);
    requireUsed("--compliance", compliance, losses);
    requireUsed("--classification", classification, losses);
    requireUsed("--reconstruction", reconstruction, losses);
    requireUsed("--refusal", refusal, targets);
    requireUsed("--affirmation", affirmation, targets);
    requireUsed("--opening", opening, targets);
    requireUsed("--reply-tokens", replyTokens, targets);
  }

  private void requireUsed(String option, @Nullable Object value, boolean used) {
    require(
        value == null || used,
        "%s has no use for %s",
        method.name().toLowerCase(Locale.ROOT),
        option);
  }

  /** Returns the settings of a Sysformer, or of an embedder, which is one without layers. */
  SysformerSettings settings() {
    SysformerSettings d = SysformerSettings.builder().build();
    SysformerSettings.Builder<SysformerSettings> b =
        d.toBuilder().systemText(system).training(training(d.training()));
    LossWeights w = d.weights();
    b.weights(
        new LossWeights(
            w.refusal(),
            or(compliance, w.compliance()),
            or(classification, w.classification()),
            or(reconstruction, w.reconstruction())));
    b.layers(method == GuardMethod.EMBEDDER ? 0 : or(layers, d.layers()));
    b.inner(or(inner, d.inner()));
    b.refusal(or(refusal, d.refusal()));
    b.affirmation(affirmation);
    b.opening("none".equals(opening) ? null : or(opening, SysformerSettings.OPENING));
    return b.replyTokens(or(replyTokens, d.replyTokens())).build();
  }

  /** Returns the given settings, overridden by those of the command line. */
  TrainingSettings training(TrainingSettings d) {
    return d.toBuilder()
        .epochs(or(epochs, d.epochs()))
        .batchSize(or(batch, d.batchSize()))
        .learningRate(or(rate, d.learningRate()))
        .seed(seed.get())
        .build();
  }

  private static <T> T or(@Nullable T given, T fallback) {
    return given == null ? fallback : given;
  }
}
