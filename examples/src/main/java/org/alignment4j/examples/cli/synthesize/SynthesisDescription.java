package org.alignment4j.examples.cli.synthesize;

import com.google.common.collect.Iterators;
import com.google.common.collect.Streams;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.SourceFile;
import org.alignment4j.data.filter.LicenceFilter;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.Prices;
import org.alignment4j.data.synthesis.SaferInstruct;
import org.alignment4j.data.synthesis.SynthesisSettings;
import org.alignment4j.data.synthesis.SynthesisSettings.InstructionRules;
import org.alignment4j.data.synthesis.SynthesisSettings.Principles;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.synthesis.SourceText;

/**
 * Description of a synthesis run, read from a YAML file.
 *
 * @param texts files of texts, in order
 * @param only the categories that are used; all if empty
 * @param limit maximum number of texts that are used; 0 for all
 * @param models endpoints and local models by their names in the file
 * @param inducer the model that finds instructions
 * @param judge the model that judges; empty for instructions only, as are the next two
 * @param expert the model that writes the preferred responses
 * @param verifier the model that checks them; the judge if empty
 * @param settings settings of the run
 * @param principles the principles that responses follow
 * @param licences the licences that are allowed
 * @param decontaminate whether texts of evaluation sets are dropped
 * @param scrub whether personal data is replaced
 * @param output name of the output file of pairs
 * @param layout format of the rows
 */
record SynthesisDescription(
    List<SourceFile> texts,
    Set<String> only,
    long limit,
    Map<String, Model> models,
    String inducer,
    Optional<String> judge,
    Optional<String> expert,
    Optional<String> verifier,
    SynthesisSettings settings,
    Principles principles,
    LicenceFilter licences,
    boolean decontaminate,
    boolean scrub,
    String output,
    String layout) {
  /**
   * A model of the run.
   *
   * @param endpoint address of an OpenAI-compatible server; empty if local
   * @param id the model's name at the endpoint; empty if local
   * @param key the environment variable that holds the key; empty if none is needed
   * @param prices prices of its tokens
   * @param requestsPerMinute rate limit; 0 for none
   * @param tokensPerMinute rate limit; 0 for none
   * @param concurrent maximum number of concurrent requests
   * @param schemas whether the endpoint is sent JSON schemas
   * @param folder checkpoint folder of a local model
   * @param adapter adapter of a local model
   * @param reversed whether the local model was tuned to generate the instruction of a response
   * @param batch maximum batch size of a local model
   */
  record Model(
      Optional<String> endpoint,
      String id,
      Optional<String> key,
      Prices prices,
      int requestsPerMinute,
      int tokensPerMinute,
      int concurrent,
      boolean schemas,
      Optional<Path> folder,
      Optional<Path> adapter,
      boolean reversed,
      int batch) {}

  static SynthesisDescription read(Path file) {
    YamlSettings yaml = YamlSettings.read(file);
    SynthesisDescription description;
    try {
      description = read(yaml);
    } catch (IllegalArgumentException e) {
      throw new BadDataException(file + ": " + Reasons.of(e), e);
    }
    yaml.complete();
    return description;
  }

  private static SynthesisDescription read(YamlSettings yaml) {
    List<SourceFile> texts = yaml.each("texts").stream().map(SynthesisDescription::source).toList();
    if (texts.isEmpty()) {
      throw yaml.wrong("texts", "expected at least one file");
    }
    Map<String, Model> models = new LinkedHashMap<>();
    yaml.under("models")
        .ifPresent(
            all -> {
              for (String name : all.keys()) {
                models.put(name, model(all.under(name).orElseThrow()));
              }
            });
    return new SynthesisDescription(
        texts,
        new TreeSet<>(yaml.texts("only")),
        yaml.whole("limit").orElse(0L),
        models,
        role(yaml, models, "inducer").orElseThrow(() -> yaml.wrong("inducer", "is missing")),
        role(yaml, models, "judge"),
        role(yaml, models, "expert"),
        role(yaml, models, "verifier"),
        settings(yaml),
        principles(yaml),
        licences(yaml),
        yaml.truth("decontaminate").orElse(true),
        yaml.truth("scrub").orElse(true),
        yaml.text("output").orElse("pairs.jsonl"),
        yaml.text("layout").orElse("trl_conversational"));
  }

  private static Optional<String> role(YamlSettings yaml, Map<String, Model> models, String role) {
    Optional<String> name = yaml.text(role);
    name.ifPresent(
        n -> {
          if (!models.containsKey(n)) {
            throw yaml.wrong(role, "no model is called " + n + "; there are " + models.keySet());
          }
          if (models.get(n).reversed() && !role.equals("inducer")) {
            throw yaml.wrong(role, n + " is reversed: it can only be the inducer");
          }
        });
    return name;
  }

  private static SourceFile source(YamlSettings yaml) {
    Path file = yaml.path("file").orElseThrow(() -> yaml.wrong("file", "is missing"));
    String format = yaml.text("format").orElseGet(() -> ending(file));
    SourceFile source =
        switch (format) {
          case "jsonl" -> SourceFile.jsonl(file);
          case "parquet" -> SourceFile.parquet(file);
          case "csv" -> SourceFile.csv(file);
          case "hatecheck" -> SourceFile.hateCheck(file);
          case "toxigen" -> SourceFile.toxigen(file);
          case "toxigen_statements" -> SourceFile.toxigenStatements(file);
          default ->
              throw yaml.wrong(
                  "format",
                  "expected jsonl, csv, parquet, hatecheck, toxigen or toxigen_statements, found '"
                      + format
                      + "'");
        };
    String category = yaml.text("category").orElse("");
    String name = yaml.text("source").orElse("");
    String licence = yaml.text("licence").orElse("");
    source = category.isEmpty() ? source : source.withCategory(category);
    source = name.isEmpty() ? source : source.withSource(name);
    return licence.isEmpty() ? source : source.withLicence(licence);
  }

  private static String ending(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static Model model(YamlSettings yaml) {
    boolean local = yaml.has("folder");
    if (local == yaml.has("endpoint")) {
      throw yaml.wrong("endpoint", "expected either an endpoint or the folder of a local model");
    }
    return new Model(
        yaml.text("endpoint"),
        local ? "" : yaml.needed("model"),
        yaml.text("key"),
        yaml.under("price").map(SynthesisDescription::prices).orElse(Prices.FREE),
        yaml.count("requests_per_minute").orElse(0),
        yaml.count("tokens_per_minute").orElse(0),
        yaml.count("concurrent").orElse(8),
        yaml.truth("schemas").orElse(true),
        yaml.path("folder"),
        yaml.path("adapter"),
        yaml.truth("reversed").orElse(false),
        yaml.count("batch").orElse(16));
  }

  private static Prices prices(YamlSettings yaml) {
    return new Prices(
        yaml.number("prompt").orElse(BigDecimal.ZERO),
        yaml.number("completion").orElse(BigDecimal.ZERO),
        yaml.text("currency").orElse("USD"));
  }

  private static SynthesisSettings settings(YamlSettings yaml) {
    SynthesisSettings.Builder settings = SynthesisSettings.builder();
    yaml.whole("seed").ifPresent(settings::seed);
    yaml.count("instructions").ifPresent(settings::instructions);
    yaml.count("min_natural_fit").ifPresent(settings::minNaturalFit);
    yaml.count("judge_tries").ifPresent(settings::judgeTries);
    yaml.count("answer_tries").ifPresent(settings::answerTries);
    yaml.under("rules")
        .ifPresent(
            r ->
                settings.rules(
                    new InstructionRules(
                        r.count("min_words").orElse(InstructionRules.STANDARD.minWords()),
                        r.count("max_words").orElse(InstructionRules.STANDARD.maxWords()),
                        r.number("max_copy_ratio")
                            .map(BigDecimal::doubleValue)
                            .orElse(InstructionRules.STANDARD.maxCopyRatio()))));
    yaml.under("answering").ifPresent(a -> settings.answering(sampling(a, 512)));
    yaml.under("judging").ifPresent(a -> settings.judging(sampling(a, 256)));
    return settings.build();
  }

  private static Sampling sampling(YamlSettings yaml, int maxTokens) {
    return Sampling.of(
        yaml.count("max_tokens").orElse(maxTokens),
        yaml.number("temperature").map(BigDecimal::doubleValue).orElse(0.7),
        yaml.number("top_p").map(BigDecimal::doubleValue).orElse(0.95));
  }

  private static Principles principles(YamlSettings yaml) {
    Principles standard = Principles.standard();
    Optional<YamlSettings> own = yaml.under("principles");
    if (own.isEmpty()) {
      return standard;
    }
    Map<String, String> texts = new TreeMap<>();
    own.get()
        .under("categories")
        .ifPresent(all -> all.keys().forEach(key -> texts.put(key, all.needed(key))));
    return new Principles(
        own.get().text("general").orElse(standard.general()),
        texts.isEmpty() ? standard.byCategory() : texts,
        own.get().has("benign") || !texts.isEmpty()
            ? new TreeSet<>(own.get().texts("benign"))
            : standard.benign());
  }

  private static LicenceFilter licences(YamlSettings yaml) {
    List<String> names = yaml.texts("licences");
    LicenceFilter filter = names.isEmpty() ? LicenceFilter.permissive() : LicenceFilter.of(names);
    return yaml.truth("unknown_licences").orElse(false) ? filter.withUnknown() : filter;
  }

  /** Returns the run with everything set except the models. */
  SaferInstruct.Builder synthesis(RequestLedger requests) {
    SaferInstruct.Builder run =
        SaferInstruct.builder()
            .requests(requests)
            .settings(settings)
            .principles(principles)
            .licences(licences);
    run = decontaminate ? run : run.withoutDecontamination();
    return scrub ? run : run.withoutScrubber();
  }

  /** Returns the texts of all files, in order, read row by row; close the stream. */
  Stream<SourceText> open(Consumer<SourceFile.Skipped> skipped) {
    Deque<Stream<SourceText>> opened = new ArrayDeque<>();
    // A flat map would load a whole file as soon as its iterator is asked for a row.
    Iterator<SourceText> rows =
        Iterators.concat(
            Iterators.transform(
                texts.iterator(),
                file -> {
                  opened.push(file.open(skipped));
                  return opened.element().iterator();
                }));
    Stream<SourceText> all = Streams.stream(rows).onClose(() -> opened.forEach(Stream::close));
    Stream<SourceText> wanted = only.isEmpty() ? all : all.filter(t -> only.contains(t.category()));
    return limit == 0 ? wanted : wanted.limit(limit);
  }
}
