package org.alignment4j.examples.cli.synthesize;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Preferences;
import org.alignment4j.data.Preferences.BestOfN;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.evaluation.ModelJudge;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.JudgeOptions;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.PromptOptions;
import org.alignment4j.examples.cli.option.SamplingOptions;
import org.alignment4j.model.Generation;
import org.alignment4j.tune.PreferencePair;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes preference pairs of a model's own responses, see {@link BestOfN}. */
@Command(
    name = "best-of-n",
    description = {
      "Makes preference pairs of a model's own responses: of N that are sampled for each prompt the"
          + " best and the worst, as a judge ranks them, each two in both orders. Needs"
          + " --temperature above 0.",
      "Without --judge the model judges its own responses."
    })
public final class BestOfNCommand extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private PromptOptions prompts = new PromptOptions();
  @Mixin private SamplingOptions sampling = new SamplingOptions(128);
  @Mixin private JudgeOptions judging = new JudgeOptions();

  @Option(
      names = "--n",
      paramLabel = "N",
      defaultValue = "4",
      description = "responses to each prompt, 2 to 16 (default: ${DEFAULT-VALUE})")
  private int n;

  @Option(
      names = "--least-margin",
      paramLabel = "X",
      defaultValue = "0",
      description =
          "leave out pairs whose scores differ by less, in nats (default: ${DEFAULT-VALUE})")
  private double leastMargin;

  @Option(
      names = "--mean-of-orders",
      description =
          "keep pairs whose best response the judge prefers in the mean of both orders, if not in"
              + " each; for small judges, which go mostly by the position")
  private boolean meanOfOrders;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "JSON Lines file to write the pairs to; gzip if it ends in .gz")
  @CheckedPath(CheckedPath.Kind.NEW_FILE)
  private Path out = Path.of("");

  @Override
  public Outcome run(ProgressListener progress) {
    Generation generation = sampling.settings().build();
    require(
        generation.temperature() > 0, "--temperature must be above 0, as responses are sampled");
    BestOfN best = new BestOfN(n, generation, leastMargin, !meanOfOrders);
    judging.question(); // checks it before anything runs
    List<PromptRow> rows = prompts.rows();
    List<Prompt> asked = rows.stream().map(this::prompt).toList();
    BestOfN.Result result =
        model.use(
            m ->
                judging.use(
                    model::open,
                    judge ->
                        best.pairs(
                            m,
                            judge == null ? new ModelJudge(m, judging.question()) : judge.judge(),
                            asked,
                            progress)));
    List<PreferencePair> pairs = new ArrayList<>();
    for (BestOfN.Ranked r : result.pairs()) {
      PreferencePair p = r.pair();
      pairs.add(
          new PreferencePair(rows.get(r.prompt()).id(), p.prompt(), p.chosen(), p.rejected()));
    }
    if (pairs.isEmpty()) {
      BestOfN.Omission first = result.omitted().get(0);
      throw new BadDataException(
          "none of "
              + rows.size()
              + " prompts yields a pair; prompt "
              + rows.get(first.prompt()).id()
              + ": "
              + first.reason());
    }
    Preferences.writeJsonl(out, pairs);
    return outcome(rows, result);
  }

  private Prompt prompt(PromptRow row) {
    Prompt prompt = Prompt.user(row.prompt());
    String system = prompts.system();
    return system == null ? prompt : prompt.withSystem(system);
  }

  private Outcome outcome(List<PromptRow> rows, BestOfN.Result result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model.path());
    json.put("adapter", model.adapter());
    json.put("judge", judging.toMap());
    json.put("sampling", sampling.json());
    json.put("n", n);
    json.put("both_orders", !meanOfOrders);
    json.put("out", out);
    List<Map<String, Object>> pairs = new ArrayList<>();
    for (BestOfN.Ranked r : result.pairs()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", rows.get(r.prompt()).id());
      one.put("margin", r.margin());
      pairs.add(one);
    }
    json.put("pairs", pairs);
    List<Map<String, Object>> omitted = new ArrayList<>();
    for (BestOfN.Omission o : result.omitted()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", rows.get(o.prompt()).id());
      one.put("reason", o.reason());
      omitted.add(one);
    }
    json.put("omitted", omitted);
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%d pairs of %d prompts, scores %.3f nats apart in the mean, written to %s",
            pairs.size(),
            rows.size(),
            result.pairs().stream().mapToDouble(BestOfN.Ranked::margin).average().orElse(0),
            out));
    Map<String, Integer> reasons = new LinkedHashMap<>();
    result.omitted().forEach(o -> reasons.merge(o.reason(), 1, Integer::sum));
    reasons.forEach(
        (reason, count) ->
            text.append("\nwithout a pair, ").append(count).append(": ").append(reason));
    return Outcome.passed(json, text.toString());
  }
}
