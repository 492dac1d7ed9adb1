package org.alignment4j.examples.cli.tune;

import org.alignment4j.actor.ActorSettings;
import org.alignment4j.actor.ActorTuner;
import org.alignment4j.examples.cli.option.LayerOption;
import org.alignment4j.examples.cli.option.SeedOption;
import org.alignment4j.train.TrainingSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Command-line options for ACTOR's settings. */
final class ActorOptions {
  @Option(
      names = "--published",
      description = "the paper's form and settings; other options still apply")
  private boolean published;

  @Option(
      names = "--target",
      paramLabel = "FORM",
      description = "${COMPLETION-CANDIDATES} (default: CENTRED)")
  private ActorSettings.@Nullable Target target;

  @Mixin private LayerOption layer = new LayerOption();

  @Option(names = "--alpha", paramLabel = "X", description = "projection multiplier")
  private @Nullable Double alpha;

  @Option(names = "--learning-rate", paramLabel = "X", description = "AdamW's learning rate")
  private @Nullable Double rate;

  @Option(names = "--epochs", paramLabel = "N", description = "passes over the prompts")
  private @Nullable Integer epochs;

  @Option(names = "--batch-size", paramLabel = "N", description = "prompts per step")
  private @Nullable Integer batch;

  @Option(names = "--refresh", paramLabel = "K", description = "steps between refreshes")
  private @Nullable Integer refresh;

  @Option(
      names = "--class-weights",
      split = ",",
      paramLabel = "X",
      description =
          "harmful,benign,pseudo-harmful,contrast, e.g. 2,1,1,1; without the last, contrast prompts"
              + " weigh as much as pseudo-harmful ones")
  private double @Nullable [] weights;

  @Option(
      names = "--tolerance",
      paramLabel = "SHARE",
      description =
          "share of held-out harmful prompts that may no longer be refused (default: 0.01)")
  private @Nullable Double tolerance;

  @Option(
      names = "--contrast-tolerance",
      paramLabel = "SHARE",
      description = "the same for held-out contrast prompts (default: 0.05)")
  private @Nullable Double contrastTolerance;

  @Option(names = "--kl-budget", paramLabel = "NATS", description = "maximum drift (default: 0.5)")
  private @Nullable Double kl;

  @Option(names = "--no-gate", description = "keep the last state, whatever its effect")
  private boolean noGate;

  @Mixin private SeedOption seed = new SeedOption(7);

  long seed() {
    return seed.get();
  }

  ActorSettings.Builder<ActorTuner> builder() {
    ActorSettings.Builder<ActorTuner> b = ActorTuner.builder().seed(seed.get());
    if (published) {
      b.published();
    }
    if (target != null) {
      b.target(target);
    }
    layer.get().ifPresent(b::layer);
    if (alpha != null) {
      b.alpha(alpha);
    }
    b.training(this::training);
    if (refresh != null) {
      b.refreshEvery(refresh);
    }
    if (weights != null) {
      if (weights.length < 3 || weights.length > 4) {
        throw new IllegalArgumentException(
            "expected three or four numbers for --class-weights, found " + weights.length);
      }
      b.classWeights(weights[0], weights[1], weights[2], weights[weights.length - 1]);
    }
    ActorSettings.Gate d = ActorSettings.Gate.DEFAULT;
    b.gate(
        new ActorSettings.Gate(
            tolerance == null ? d.tolerance() : tolerance,
            kl == null ? d.klBudget() : kl,
            d.tokens(),
            contrastTolerance == null ? d.contrastTolerance() : contrastTolerance));
    return noGate ? b.noGate() : b;
  }

  private TrainingSettings.Builder training(TrainingSettings.Builder b) {
    if (rate != null) {
      b.learningRate(rate);
    }
    if (epochs != null) {
      b.epochs(epochs);
    }
    if (batch != null) {
      b.batchSize(batch);
    }
    return b;
  }
}
