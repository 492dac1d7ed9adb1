package org.alignment4j.examples.cli.read;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.LayerList;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.output.AurocText;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.reading.RepresentationReader;
import org.alignment4j.reading.RepresentationReader.ContrastPair;
import org.alignment4j.reading.RepresentationReader.ReadingMethod;
import org.alignment4j.reading.RepresentationReading;
import org.alignment4j.reading.RepresentationReading.LayerReading;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Finds the directions that separate two classes of prompts. */
@Command(
    name = "read",
    description = {
      "Finds, at each layer, the direction that separates positive from negative prompts,"
          + " measures it on held-out pairs, and writes a control vector.",
      "The i-th positive and the i-th negative prompt are a pair: they should differ only in"
          + " the property to be read."
    })
public final class ReadCommand extends AlignCommand {
  /** Length of the written directions. */
  enum Scale {
    RESIDUAL_NORM,
    CLASS_DISTANCE,
    UNIT
  }

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--positive",
      required = true,
      paramLabel = "FILE",
      description = "positive prompts: JSON Lines, CSV of a known set, or text, one per line")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path positive = Path.of("");

  @Option(
      names = "--negative",
      required = true,
      paramLabel = "FILE",
      description =
          "negative prompts, of the same number; may be the same file with another"
              + " system message")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path negative = Path.of("");

  @Option(
      names = "--positive-system",
      paramLabel = "TEXT",
      description = "system message put before each positive prompt")
  private @Nullable String positiveSystem;

  @Option(
      names = "--negative-system",
      paramLabel = "TEXT",
      description = "system message put before each negative prompt")
  private @Nullable String negativeSystem;

  @Option(
      names = "--layers",
      required = true,
      paramLabel = "LIST",
      converter = LayerList.Converter.class,
      description = "layers such as 4 or 1,3-5, or all (except the embeddings)")
  private LayerList layers = LayerList.ALL;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "DIFFERENCE_IN_MEANS",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  private ReadingMethod method = ReadingMethod.DIFFERENCE_IN_MEANS;

  @Option(
      names = "--positions",
      paramLabel = "WHERE",
      defaultValue = "last",
      converter = PositionsConverter.class,
      description = {
        "last: the last prompt token; all: every prompt token; FROM:TO: prompt tokens, from 0 or,"
            + " negative, from the end, TO not included, either may be left out; the mean is"
            + " taken over several (default: ${DEFAULT-VALUE})"
      })
  private TokenPositions positions = TokenPositions.lastPrompt();

  @Option(
      names = "--held-out",
      paramLabel = "SHARE",
      defaultValue = "0.2",
      description = "share of pairs to measure on (default: ${DEFAULT-VALUE})")
  private double heldOut;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "seed of the held-out split (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--scale",
      paramLabel = "UNIT",
      defaultValue = "RESIDUAL_NORM",
      description =
          "length of the directions, ${COMPLETION-CANDIDATES}: the layer's mean residual norm, the"
              + " distance of the class means, or 1; those of n layers add up, so steer with about"
              + " 1/n (default: ${DEFAULT-VALUE})")
  private Scale scale = Scale.RESIDUAL_NORM;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description = "FILE.gguf, as llama.cpp reads it, or a folder for it and its provenance")
  @CheckedPath(CheckedPath.Kind.NEW)
  private Path out = Path.of("");

  @Override
  public Outcome run(ProgressListener progress) {
    boolean file = out.toString().endsWith(".gguf");
    List<ContrastPair> pairs =
        ContrastPair.of(prompts(positive, positiveSystem), prompts(negative, negativeSystem));
    RepresentationReading reading = model.use(m -> read(m, pairs, progress));
    ControlVector vector =
        switch (scale) {
          case RESIDUAL_NORM -> reading.inResidualNorms();
          case CLASS_DISTANCE -> reading.inClassDistances();
          case UNIT -> reading.vector();
        };
    if (file) {
      vector.writeGguf(out, String.valueOf(vector.provenance().settings().get("model_hint")));
    } else {
      vector.save(out);
    }
    return outcome(reading);
  }

  private static List<Prompt> prompts(Path file, @Nullable String system) {
    List<Prompt> prompts = PromptFile.read(file);
    return system == null ? prompts : prompts.stream().map(p -> p.withSystem(system)).toList();
  }

  private RepresentationReading read(
      LanguageModel m, List<ContrastPair> pairs, ProgressListener progress) {
    // All layers but the embeddings are the reader's own default.
    List<Layer> wanted = layers.ranges().isEmpty() ? List.of() : layers.of(m.config().blocks());
    return RepresentationReader.builder()
        .method(method)
        .layers(wanted)
        .positions(positions)
        .heldOut(heldOut)
        .seed(seed)
        .build()
        .read(m, pairs, progress);
  }

  private Outcome outcome(RepresentationReading reading) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model.path().toString());
    json.put("file", out.toString());
    json.put("method", method.name());
    json.put("scale", scale.name());
    json.put("pairs", reading.pairs());
    json.put("pairs_held_out", reading.heldOut());
    List<Map<String, Object>> layers = new ArrayList<>();
    json.put("layers", layers);
    StringBuilder text =
        new StringBuilder("layer  auroc                   accuracy  pairs  separation  norm\n");
    for (LayerReading l : reading.layers()) {
      boolean measured = !Double.isNaN(l.auroc());
      int n = measured ? reading.heldOut() : 0;
      Auroc auroc = new Auroc(l.auroc(), n, n, 1);
      Map<String, Object> one = new LinkedHashMap<>(l.toMap());
      one.put("auroc_lo", auroc.lo());
      one.put("auroc_hi", auroc.hi());
      layers.add(one);
      text.append(
          String.format(
              Locale.ROOT,
              "%5d  %-22s  %8.3f  %5.3f  %10.3f  %.3f%n",
              l.layer().index(),
              AurocText.of(auroc),
              l.accuracy(),
              l.pairAccuracy(),
              l.separation(),
              l.residualNorm()));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "%s: %s from %d pairs, measured on %d others",
            out,
            method,
            reading.pairs(),
            reading.heldOut()));
    return Outcome.passed(json, text.toString());
  }
}
