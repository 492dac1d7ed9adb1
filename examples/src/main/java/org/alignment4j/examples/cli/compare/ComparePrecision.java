package org.alignment4j.examples.cli.compare;

import ai.djl.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.PairsInput;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.model.Capture;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Precision;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.tune.PreferencePair;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures what a precision loses against float32 on the chosen responses of preference pairs. */
@Command(
    name = "precision",
    description = {
      "Compares a model in a precision with the same in float32, on the chosen responses of"
          + " preference pairs: divergence, and error of the hidden states of every layer."
    })
public final class ComparePrecision extends AlignCommand {
  @Mixin private PairsInput input = new PairsInput();

  @Option(
      names = "--pairs",
      paramLabel = "N",
      defaultValue = "24",
      description = "number of pairs, the first of the file (default: ${DEFAULT-VALUE})")
  private int count;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      defaultValue = "512",
      description = "longer texts are left out, tokens (default: ${DEFAULT-VALUE})")
  private int longest;

  @Override
  public Outcome run(ProgressListener progress) {
    List<PreferencePair> pairs = input.read().pairs();
    return input.use(
        model -> {
          List<Encoded> texts = texts(model, pairs);
          try (LanguageModel exact =
              LanguageModel.load(model.path(), Device.cpu(), Precision.FLOAT32)) {
            return compared(model, exact, texts, progress);
          }
        });
  }

  private List<Encoded> texts(LanguageModel model, List<PreferencePair> pairs) {
    ChatTokenizer tokenizer = model.tokenizer();
    List<Encoded> texts = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      Encoded text = tokenizer.encodeForTraining(pair.prompt().withResponse(pair.chosen()));
      if (text.ids().length <= longest && texts.size() < count) {
        texts.add(text);
      }
    }
    if (texts.isEmpty()) {
      throw new BadDataException(input.pairs() + ": no text has at most " + longest + " tokens");
    }
    return texts;
  }

  private Outcome compared(
      LanguageModel model, LanguageModel exact, List<Encoded> texts, ProgressListener progress) {
    int layers = model.config().blocks();
    double[] squaredError = new double[layers + 1];
    double[] squared = new double[layers + 1];
    double[] rowError = new double[layers + 1];
    double[] divergence = new double[texts.size()];
    long tokens = 0;
    for (int i = 0; i < texts.size(); i++) {
      Cancellation.check("compare precision");
      progress.step("compare precision", i, texts.size());
      Encoded text = texts.get(i);
      divergence[i] = model.divergence(exact, List.of(text))[0];
      Encoded all = new Encoded(text.ids(), text.ids().length);
      Capture capture = Capture.layers(0, layers, TokenPositions.all());
      var found = model.captureIds(List.of(all), capture);
      var right = exact.captureIds(List.of(all), capture);
      for (int l = 0; l <= layers; l++) {
        float[][] a = found.at(new Layer(l));
        float[][] b = right.at(new Layer(l));
        for (int t = 0; t < a.length; t++) {
          double error = 0;
          double size = 0;
          for (int d = 0; d < a[t].length; d++) {
            double difference = a[t][d] - (double) b[t][d];
            error += difference * difference;
            size += b[t][d] * (double) b[t][d];
          }
          squaredError[l] += error;
          squared[l] += size;
          rowError[l] += Math.sqrt(error / size);
        }
      }
      tokens += text.ids().length;
    }
    progress.step("compare precision", texts.size(), texts.size());
    return outcome(model, texts.size(), tokens, divergence, squaredError, squared, rowError);
  }

  private static Outcome outcome(
      LanguageModel model,
      int texts,
      long tokens,
      double[] divergence,
      double[] squaredError,
      double[] squared,
      double[] rowError) {
    double[] whole = new double[squared.length];
    double[] byToken = new double[squared.length];
    for (int l = 0; l < squared.length; l++) {
      whole[l] = Math.sqrt(squaredError[l] / squared[l]);
      byToken[l] = rowError[l] / tokens;
    }
    Bootstrap.Interval kl = Bootstrap.withSeed(0).mean(divergence);
    double worst = Arrays.stream(whole).max().orElse(0);
    double worstToken = Arrays.stream(byToken).max().orElse(0);
    String precision = model.precision().name().toLowerCase(Locale.ROOT);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model.path().toString());
    json.put("precision", precision);
    json.put("texts", texts);
    json.put("tokens", tokens);
    json.put("divergence", Map.of("mean", kl.estimate(), "lo", kl.lo(), "hi", kl.hi()));
    json.put("hidden_error", whole);
    json.put("hidden_error_by_token", byToken);
    String text =
        String.format(
            Locale.ROOT,
            "%s against float32, %d texts, %d tokens:%n"
                + "divergence %.4f nats a token (%.4f to %.4f)%n"
                + "hidden states: error %.4f of their norm in the worst layer, %.4f by token",
            precision,
            texts,
            tokens,
            kl.estimate(),
            kl.lo(),
            kl.hi(),
            worst,
            worstToken);
    return Outcome.passed(json, text);
  }
}
