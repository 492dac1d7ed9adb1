package org.alignment4j.examples.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.Parity;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Compares a checkpoint with an independent implementation's outputs. */
@Command(
    name = "verify-parity",
    description = {
      "Runs a checkpoint that has expected.safetensors beside it and compares hidden states,"
          + " logits, gradients and greedy text; figures are the worst of three layouts."
    })
final class VerifyParityCommand extends AlignCommand {
  @Parameters(paramLabel = "DIR", description = "checkpoint folder with expected.safetensors")
  private Path folder = Path.of("");

  @Mixin private ThreadOptions threads = new ThreadOptions();

  @Override
  Outcome run(ProgressListener progress) {
    threads.apply();
    return outcome(Parity.verify(folder));
  }

  static Outcome outcome(Parity parity) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("family", parity.family());
    json.put("max_abs_hidden", parity.maxAbsHidden());
    json.put("max_abs_logits", parity.maxAbsLogits());
    json.put("max_rel_grad", parity.maxRelGrad());
    json.put("greedy_equal", parity.greedyEqual());
    String text =
        String.format(
            Locale.ROOT,
            "%s: hidden %.2e, logits %.2e, gradients %.2e, greedy %s",
            parity.family(),
            parity.maxAbsHidden(),
            parity.maxAbsLogits(),
            parity.maxRelGrad(),
            parity.greedyEqual() ? "equal" : "different");
    return new Outcome(json, text, failure(parity));
  }

  private static @Nullable String failure(Parity parity) {
    List<String> broken = new ArrayList<>();
    bound(broken, "max_abs_hidden", parity.maxAbsHidden(), Parity.MAX_ABS);
    bound(broken, "max_abs_logits", parity.maxAbsLogits(), Parity.MAX_ABS);
    bound(broken, "max_rel_grad", parity.maxRelGrad(), Parity.MAX_REL_GRAD);
    if (!parity.greedyEqual()) {
      broken.add("the greedy continuation differs");
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
