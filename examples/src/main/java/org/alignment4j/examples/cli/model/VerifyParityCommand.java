package org.alignment4j.examples.cli.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.EngineOptions;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.model.Parity;
import org.alignment4j.model.Precision;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Compares a checkpoint with an independent implementation's outputs. */
@Command(
    name = "verify-parity",
    description = {
      "Runs a checkpoint that has expected.safetensors in its folder and compares hidden"
          + " states, logits, gradients and greedy text; figures are the worst of three batch"
          + " layouts."
    })
public final class VerifyParityCommand extends AlignCommand {
  @Parameters(
      paramLabel = "DIR",
      arity = "1..*",
      description = "checkpoint folders with expected.safetensors")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private List<Path> folders = List.of();

  @Mixin private EngineOptions engine = new EngineOptions();

  @Override
  public Outcome run(ProgressListener progress) {
    engine.applyThreads();
    if (folders.size() == 1) {
      return outcome(Parity.verify(folders.get(0), engine.precision(folders.get(0))));
    }
    List<Object> all = new ArrayList<>();
    List<String> text = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    for (Path folder : folders) {
      Cancellation.check("verify-parity");
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("checkpoint", folder.toString());
      Outcome one;
      try {
        one = outcome(Parity.verify(folder, engine.precision(folder)));
      } catch (CheckpointException
          | UnsupportedArchitectureException e) { // the others are compared all the same
        json.put("error", String.valueOf(e.getMessage()));
        all.add(json);
        text.add(folder.getFileName() + " cannot be run");
        failures.add(String.valueOf(e.getMessage()));
        continue;
      }
      json.putAll(one.json());
      all.add(json);
      text.add(folder.getFileName() + " " + one.text());
      if (one.failure() != null) {
        failures.add(folder + ": " + one.failure());
      }
    }
    return new Outcome(
        Map.of("checkpoints", all),
        String.join("\n", text),
        failures.isEmpty() ? null : String.join("; ", failures));
  }

  static Outcome outcome(Parity parity) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("family", parity.family());
    json.put("precision", parity.precision().name().toLowerCase(Locale.ROOT));
    json.put("max_abs_hidden", parity.maxAbsHidden());
    json.put("max_abs_logits", parity.maxAbsLogits());
    json.put("max_rel_hidden", parity.maxRelHidden());
    json.put("max_rel_logits", parity.maxRelLogits());
    json.put("max_row_hidden", parity.maxRowHidden());
    json.put("max_row_logits", parity.maxRowLogits());
    json.put("worst_layer", parity.worstLayer());
    json.put("max_rel_grad", parity.maxRelGrad());
    json.put("greedy_equal", parity.greedyEqual());
    boolean exact = parity.precision() == Precision.FLOAT32;
    String text =
        String.format(
            Locale.ROOT,
            "%s: hidden %s, worst in layer %d, logits %s, gradients %.2e, greedy %s",
            parity.family(),
            shown(parity.maxAbsHidden(), parity.maxRelHidden(), parity.maxRowHidden(), "layer"),
            parity.worstLayer(),
            shown(parity.maxAbsLogits(), parity.maxRelLogits(), parity.maxRowLogits(), "all"),
            parity.maxRelGrad(),
            parity.greedyEqual() ? "equal" : "different");
    return new Outcome(json, text, failure(parity, exact));
  }

  private static String shown(double absolute, double relative, double row, String of) {
    return String.format(
        Locale.ROOT,
        "%.2e (of the largest in %s %.2e, in its row %.2e)",
        absolute,
        of,
        relative,
        row);
  }

  private static @Nullable String failure(Parity parity, boolean exact) {
    List<String> broken = new ArrayList<>();
    if (exact) {
      bound(broken, "max_row_hidden", parity.maxRowHidden(), Parity.MAX_ROW);
      bound(broken, "max_row_logits", parity.maxRowLogits(), Parity.MAX_ROW);
      bound(broken, "max_rel_grad", parity.maxRelGrad(), Parity.MAX_REL_GRAD);
      if (!parity.greedyEqual()) {
        broken.add("the greedy continuation differs");
      }
    } else {
      double max = Parity.maxRel(parity.precision());
      bound(broken, "max_rel_hidden", parity.maxRelHidden(), max);
      bound(broken, "max_rel_logits", parity.maxRelLogits(), max);
      bound(broken, "max_rel_grad", parity.maxRelGrad(), max);
    }
    if (broken.isEmpty() && !parity.passed()) {
      broken.add("a bound is broken");
    }
    return broken.isEmpty() ? null : parity.family() + ": " + String.join("; ", broken);
  }

  private static void bound(List<String> broken, String name, double found, double allowed) {
    if (!(found <= allowed)) {
      broken.add(String.format(Locale.ROOT, "%s %.3g exceeds %.3g", name, found, allowed));
    }
  }
}
