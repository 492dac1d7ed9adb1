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

/** What {@code guard train} learns, and with which settings. */
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

  @Option(names = "--compliance", paramLabel = "X", description = "weight of that loss (1)")
  private @Nullable Double compliance;

  @Option(names = "--classification", paramLabel = "X", description = "weight of that loss (0)")
  private @Nullable Double classification;

  @Option(names = "--reconstruction", paramLabel = "X", description = "weight of that loss (0)")
  private @Nullable Double reconstruction;

  @Option(
      names = "--refusal",
      paramLabel = "TEXT",
      description = "what harmful prompts are to be answered with")
  private @Nullable String refusal;

  @Option(
      names = "--affirmation",
      paramLabel = "TEXT",
      description = "what the others are to be answered with (default: the model's own answers)")
  private @Nullable String affirmation;

  @Option(
      names = "--opening",
      paramLabel = "TEXT",
      description =
          "how the model's own answer is begun where it refuses by itself; none leaves such prompts"
              + " out (default: \""
              + SysformerSettings.OPENING
              + "\")")
  private @Nullable String opening;

  @Option(
      names = "--reply-tokens",
      paramLabel = "N",
      description = "most tokens of an own answer (64)")
  private @Nullable Integer replyTokens;

  @Option(names = "--epochs", paramLabel = "N", description = "passes (10; dro 40)")
  private @Nullable Integer epochs;

  @Option(names = "--batch-size", paramLabel = "N", description = "prompts a step (8; dro 50)")
  private @Nullable Integer batch;

  @Option(names = "--learning-rate", paramLabel = "X", description = "AdamW's (1e-4; dro 1e-3)")
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

  /** What a method has no use for is more likely a typing error than meant. */
  void refuseUnused() {
    boolean losses = method.hasLosses();
    boolean targets = method.hasTargets();
    boolean adaptive = method.isAdaptive();
    refuse("--layers", layers, adaptive);
    refuse("--inner", inner, adaptive);
    refuse("--compliance", compliance, losses);
    refuse("--classification", classification, losses);
    refuse("--reconstruction", reconstruction, losses);
    refuse("--refusal", refusal, targets);
    refuse("--affirmation", affirmation, targets);
    refuse("--opening", opening, targets);
    refuse("--reply-tokens", replyTokens, targets);
  }

  private void refuse(String option, @Nullable Object value, boolean used) {
    require(
        value == null || used,
        "%s has no use for %s",
        method.name().toLowerCase(Locale.ROOT),
        option);
  }

  /** Those of a Sysformer, or of an embedder, which is one without layers. */
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

  /** The given settings with those of the command line in their place. */
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
