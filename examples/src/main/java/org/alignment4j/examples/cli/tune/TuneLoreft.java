package org.alignment4j.examples.cli.tune;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.LayerList;
import org.alignment4j.examples.cli.option.PairsInput;
import org.alignment4j.examples.cli.option.SeedOption;
import org.alignment4j.examples.cli.output.PairsText;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceTuner.Loreft;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** LoReFT on the chosen responses of a preference file. */
@Command(
    name = "loreft",
    description =
        "LoReFT: learns the chosen responses by an edit of hidden states at some layers and tokens"
            + " of the prompt. Writes a gated edit.")
final class TuneLoreft extends AlignCommand {
  private static final int CHECKPOINT_EVERY = 50;

  @Mixin private PairsInput input = new PairsInput();

  @Option(names = "--out", required = true, paramLabel = "FOLDER", description = "for the edit")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private Path out = Path.of("");

  @Option(
      names = "--rank",
      paramLabel = "R",
      defaultValue = "4",
      description = "directions that are edited at each layer (default: ${DEFAULT-VALUE})")
  private int rank;

  @Option(
      names = "--positions",
      paramLabel = "fN+lN",
      converter = Ends.class,
      defaultValue = "f5+l5",
      description =
          "edited tokens: the first and last N of the prompt, or one of both, such as l1 (default:"
              + " ${DEFAULT-VALUE})")
  private Positions positions = Positions.promptEnds(5, 5);

  @Option(
      names = "--layers",
      paramLabel = "LIST",
      converter = LayerList.Converter.class,
      description = "edited layers, such as 4,10-12 (default: four by relative depth)")
  private @Nullable LayerList layers;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "9",
      description = "passes (default: ${DEFAULT-VALUE})")
  private int epochs;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "16",
      description = "rows per step (default: ${DEFAULT-VALUE})")
  private int batch;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      defaultValue = "9e-4",
      description = "AdamW's learning rate, which falls to 0 (default: ${DEFAULT-VALUE})")
  private double rate;

  @Mixin private SeedOption seed = new SeedOption(1);

  @Mixin private TrainedPairs trained = new TrainedPairs();

  @Override
  public Outcome run(ProgressListener progress) {
    Contents set = input.read();
    List<PreferencePair> pairs = input.some(set, 0, trained.first());
    Tuning<GatedEdit> tuning = input.use(m -> tuner(m).tune(m, pairs, progress));
    tuning.adapter().save(out);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("adapter", out);
    json.put("seed", seed.get());
    json.put("input", PairsText.json(input.pairs(), set));
    json.put("used", pairs.size() - tuning.unused().size());
    json.put(
        "unused",
        tuning.unused().stream()
            .map(u -> ImmutableMap.of("id", pairs.get(u.index()).id(), "reason", u.reason()))
            .toList());
    json.put("settings", tuning.adapter().provenance().settings());
    json.put("steps", tuning.training().steps());
    json.put("final_loss", tuning.training().finalLoss());
    json.put("seconds", tuning.training().seconds());
    return Outcome.passed(
        json,
        String.format(
            Locale.ROOT,
            "%s%nlearned from %d of %d pairs; loss %.4f after %d steps%nedit written to %s in %.1f s",
            PairsText.of(set),
            pairs.size() - tuning.unused().size(),
            pairs.size(),
            tuning.training().finalLoss(),
            tuning.training().steps(),
            out,
            tuning.training().seconds()));
  }

  private Loreft tuner(LanguageModel m) {
    Loreft.Builder<Loreft> builder =
        Loreft.builder()
            .rank(rank)
            .positions(positions)
            .seed(seed.get())
            .training(
                t ->
                    t.epochs(epochs)
                        .batchSize(batch)
                        .learningRate(rate)
                        .checkpointEvery(trained.resume() == null ? 0 : CHECKPOINT_EVERY)
                        .checkpointFolder(trained.resume()));
    if (layers != null) {
      boolean all = layers.ranges().isEmpty();
      builder.layers(
          layers.of(m.config().blocks()).stream().filter(l -> !all || l.index() > 0).toList());
    }
    return builder.build();
  }

  /** Positions as pyreft writes them: {@code f5+l5}, {@code f1}, {@code l1}. */
  static final class Ends implements ITypeConverter<Positions> {
    private static final Pattern FORM =
        Pattern.compile("(?:f(?<first>[1-9]\\d{0,5}))?\\+?(?:l(?<last>[1-9]\\d{0,5}))?");

    @Override
    public Positions convert(String text) {
      Matcher found = FORM.matcher(text);
      if (!found.matches() || text.replace("+", "").isEmpty()) {
        throw new TypeConversionException("expected fN+lN, fN or lN, found '" + text + "'");
      }
      return Positions.promptEnds(number(found.group("first")), number(found.group("last")));
    }

    private static int number(@Nullable String digits) {
      return Integer.parseInt(Objects.requireNonNullElse(digits, "0"));
    }
  }
}
