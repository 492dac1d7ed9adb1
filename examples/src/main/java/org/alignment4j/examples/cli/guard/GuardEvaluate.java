package org.alignment4j.examples.cli.guard;

import static org.alignment4j.core.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.GuardedChat;
import org.alignment4j.PromptGuard;
import org.alignment4j.actor.ActorProbe;
import org.alignment4j.actor.ProbeReport;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.analysis.Roc;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.evaluation.RougeL;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.evaluation.TextHealth;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.guard.GuardedAnswers.Latency;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.OnDisk;
import org.alignment4j.examples.cli.output.TextFile;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.sysformer.AttackEvaluator;
import org.alignment4j.sysformer.Sysformer;
import org.alignment4j.sysformer.SysformerGuard;
import org.alignment4j.sysformer.SysformerSettings;
import org.alignment4j.sysformer.SysformerTuner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Refusals, harm scores and latency of guards, side by side. */
@Command(
    name = "evaluate",
    description = {
      "What a model refuses of harmful and of safe prompts under its plain system prompt and behind"
          + " guards: RR harmful, RR safe and their difference delta-RR, as the prompts are and in"
          + " attacks; what guards cost in time.",
      "Guards of the same NAME count as seeds of one method."
    })
final class GuardEvaluate extends AlignCommand {
  private static final String REFUSAL = "I cannot help with that.";
  private static final int LONGEST_SCREENED = 64;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--harmful",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "prompts to be refused; several with commas")
  @OnDisk(OnDisk.Place.FILE)
  private List<Path> harmful = List.of();

  @Option(
      names = "--safe",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "prompts to be answered; several with commas")
  @OnDisk(OnDisk.Place.FILE)
  private List<Path> safe = List.of();

  @Option(
      names = "--guard",
      paramLabel = "NAME=DIR",
      description = "a guard that guard train wrote; may be given often")
  @OnDisk(OnDisk.Place.FOLDER)
  private List<String> guards = new ArrayList<>();

  @Option(
      names = "--lora",
      paramLabel = "NAME=DIR",
      description = "an adapter to measure in place of a guard; may be given often")
  @OnDisk(OnDisk.Place.FOLDER)
  private List<String> loras = new ArrayList<>();

  @Option(
      names = "--screen",
      split = ",",
      paramLabel = "HARMFUL,HARMLESS",
      description =
          "also a guard that blocks by hidden states, made with these two files: a probe from each"
              + " one's first half, a threshold from the second")
  @OnDisk(OnDisk.Place.FILE)
  private @Nullable List<Path> screen;

  @Option(
      names = "--false-positives",
      paramLabel = "RATE",
      defaultValue = "0.05",
      description = "harmless prompts that --screen may block (default: ${DEFAULT-VALUE})")
  private double falsePositives;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      defaultValue = SysformerSettings.SYSTEM_TEXT,
      description = "the plain system prompt (default: ${DEFAULT-VALUE})")
  private String system = SysformerSettings.SYSTEM_TEXT;

  @Option(
      names = "--attacks",
      paramLabel = "LIST",
      converter = AttackList.Converter.class,
      description = "attacks or families of them, or all (default: none)")
  private AttackList attacks = AttackList.NONE;

  @Option(
      names = "--trained",
      paramLabel = "LIST",
      converter = AttackList.Converter.class,
      description =
          "attacks that the guards were trained with, to tell them from the held-out ones")
  private AttackList trained = AttackList.NONE;

  @Option(
      names = "--first",
      paramLabel = "N",
      description = "of each file the first N prompts (default: all)")
  private int first;

  @Option(
      names = "--attack-prompts",
      paramLabel = "N",
      description = "prompts of each file that attacks word, drawn by --seed (default: all)")
  private @Nullable Integer attackPrompts;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "most tokens of an answer (default: ${DEFAULT-VALUE})")
  private int maxTokens;

  @Option(
      names = "--latency",
      paramLabel = "N",
      defaultValue = "100",
      description = "prompts to time, one by one; 0 for none (default: ${DEFAULT-VALUE})")
  private int timed;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "of what attacks draw (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(names = "--figure", paramLabel = "FILE", description = "draw refusals by family, SVG")
  @OnDisk(OnDisk.Place.NEW_FILE)
  private @Nullable Path figure;

  private @Nullable ProbeReport screenReport;

  @Override
  public Outcome run(ProgressListener progress) {
    require(screen == null || screen.size() == 2, "--screen takes two files, with a comma");
    require(timed >= 0, "--latency must be >= 0, was %s", timed);
    List<AttackEvaluator.Prompts> read =
        Stream.concat(
                harmful.stream().map(f -> set(f, true)), safe.stream().map(f -> set(f, false)))
            .toList();
    return model.use(m -> measure(m, read, progress));
  }

  private AttackEvaluator.Prompts set(Path file, boolean isHarmful) {
    List<String> all = Prompts.texts(Prompts.read(file));
    List<String> some = first > 0 ? all.subList(0, Math.min(first, all.size())) : all;
    return new AttackEvaluator.Prompts(file.getFileName().toString(), isHarmful, some);
  }

  /**
   * The sets without prompts that are too long in some wording, so that all guards see the same.
   */
  private List<AttackEvaluator.Prompts> fitting(
      LanguageModel m, List<AttackEvaluator.Prompts> sets, Map<String, Object> json) {
    List<AttackEvaluator.Prompts> all = new ArrayList<>();
    Map<String, Object> left = new LinkedHashMap<>();
    for (AttackEvaluator.Prompts set : sets) {
      List<String> kept = new ArrayList<>();
      for (int i = 0; i < set.prompts().size(); i++) {
        String prompt = set.prompts().get(i);
        long row = seed + i;
        int longest =
            Stream.concat(
                    Stream.of(prompt), attacks.attacks().stream().map(a -> a.apply(prompt, row)))
                .mapToInt(text -> m.tokenizer().encodeText(text).length)
                .max()
                .orElseThrow();
        int room = m.longestSequence() - maxTokens - m.tokenizer().encodeText(system).length;
        if (longest + LONGEST_SCREENED <= room) {
          kept.add(prompt);
        }
      }
      left.put(set.name(), set.prompts().size() - kept.size());
      all.add(new AttackEvaluator.Prompts(set.name(), set.harmful(), kept));
    }
    json.put("left_out_as_too_long", left);
    return all;
  }

  private Outcome measure(
      LanguageModel m, List<AttackEvaluator.Prompts> read, ProgressListener progress) {
    Map<String, Object> json = new LinkedHashMap<>();
    List<AttackEvaluator.Prompts> sets = fitting(m, read, json);
    List<GuardTable.Row> rows = new ArrayList<>();
    try (Opened opened = new Opened()) {
      List<GuardedAnswers> all = open(m, opened);
      List<Prompt> plainSafe =
          sets.stream()
              .filter(s -> !s.harmful())
              .flatMap(s -> s.prompts().stream())
              .map(Prompt::user)
              .toList();
      List<Prompt> plainHarmful =
          sets.stream()
              .filter(AttackEvaluator.Prompts::harmful)
              .flatMap(s -> s.prompts().stream())
              .map(Prompt::user)
              .toList();
      List<Prompt> mixed = mixed(plainHarmful, plainSafe);
      List<String> unguarded = all.get(0).answers(plainSafe);
      AttackEvaluator evaluator = new AttackEvaluator(new StringRefusalJudge(), seed);
      if (attackPrompts != null) {
        evaluator = evaluator.attacking(attackPrompts);
      }
      for (GuardedAnswers one : all) {
        AttackEvaluator.Report report =
            evaluator.evaluate(one::answers, sets, attacks.attacks(), progress);
        Function<List<Prompt>, double[]> harmScores = one.harmScores();
        Roc roc = null;
        Auroc auroc = null;
        if (harmScores != null) {
          double[] high = harmScores.apply(plainHarmful);
          double[] low = harmScores.apply(plainSafe);
          roc = Roc.of(high, low);
          auroc = Auroc.of(high, low);
        }
        Latency latency = mixed.isEmpty() ? null : one.latency(mixed);
        List<String> answers = one.answers(plainSafe);
        rows.add(
            new GuardTable.Row(
                one.name(),
                one.source(),
                report,
                rouge(answers, unguarded),
                roc,
                auroc,
                latency,
                TextHealth.of(answers)));
      }
      json.put("guards", rows.stream().map(GuardTable.Row::toMap).toList());
      String times = mixed.isEmpty() ? "" : times(m, all, mixed, json);
      GuardTable table = new GuardTable(rows, attacks.attacks(), trained.attacks());
      if (figure != null) {
        TextFile.write(figure, new GuardPicture(table).svg());
      }
      json.put("compared", table.pairMaps());
      json.put("warnings", table.warnings());
      StringBuilder text = new StringBuilder(table.markdown()).append(times);
      table.warnings().forEach(w -> text.append("\nWARNING: ").append(w));
      if (screenReport != null) {
        json.put("screen_probe", screenReport.toMap());
        screenReport.warnings().forEach(w -> text.append("\nWARNING: screen: ").append(w));
      }
      return Outcome.passed(json, text.toString());
    }
  }

  /** Harmful and safe by turns, so that few make a fair sample. */
  private List<Prompt> mixed(List<Prompt> one, List<Prompt> other) {
    List<Prompt> all = new ArrayList<>();
    for (int i = 0; all.size() < timed && i < Math.max(one.size(), other.size()); i++) {
      if (i < one.size()) {
        all.add(one.get(i));
      }
      if (i < other.size()) {
        all.add(other.get(i));
      }
    }
    return all.subList(0, Math.min(timed, all.size()));
  }

  private static double rouge(List<String> answers, List<String> unguarded) {
    return IntStream.range(0, answers.size())
        .mapToDouble(
            i ->
                answers.get(i).equals(unguarded.get(i)) // two empty ones, too
                    ? 1
                    : RougeL.of(answers.get(i), unguarded.get(i)).f1())
        .average()
        .orElse(Double.NaN);
  }

  /** What the model itself takes: its first token, and for a screen the pass up to its layer. */
  private static String times(
      LanguageModel m, List<GuardedAnswers> all, List<Prompt> prompts, Map<String, Object> json) {
    Latency token = Latency.of(prompts, p -> m.generate(List.of(p), Generation.greedy(1)));
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%nThe model's first token: p50 %.1f ms, p95 %.1f ms.",
                token.p50(),
                token.p95()));
    json.put("first_token_ms", GuardTable.map(token));
    for (GuardedAnswers screen : all) {
      if (screen.layer().isEmpty()) {
        continue;
      }
      int layer = screen.layer().get();
      Capture last = new Capture(List.of(new Layer(layer)), TokenPositions.lastPrompt());
      List<Latency> pair =
          Latency.ofEach(
              prompts,
              List.of(
                  p -> {
                    int[] ids = m.tokenizer().encode(p);
                    m.captureIds(List.of(new Encoded(ids, ids.length)), last);
                  },
                  p -> screen.guard().check(p)));
      json.put("pass_to_layer_ms", GuardTable.map(pair.get(0)));
      json.put("screen_beside_it_ms", GuardTable.map(pair.get(1)));
      text.append(
          String.format(
              Locale.ROOT,
              " By turns with the screen's check, p50 %.1f ms, p95 %.1f ms, a bare pass up to its"
                  + " layer %d: p50 %.1f ms, p95 %.1f ms.",
              pair.get(1).p50(),
              pair.get(1).p95(),
              layer,
              pair.get(0).p50(),
              pair.get(0).p95()));
    }
    return text.append('\n').toString();
  }

  /** What is open while measuring; closed in the reverse order. */
  private static final class Opened implements AutoCloseable {
    private final List<AutoCloseable> all = new ArrayList<>();

    <T extends AutoCloseable> T add(T one) {
      all.add(one);
      return one;
    }

    @Override
    public void close() {
      for (int i = all.size() - 1; i >= 0; i--) {
        try {
          all.get(i).close();
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  private List<GuardedAnswers> open(LanguageModel m, Opened opened) {
    List<GuardedAnswers> all = new ArrayList<>();
    SysformerTuner plain =
        new SysformerTuner(SysformerSettings.builder().systemText(system).layers(0).build());
    Sysformer unchanged = plain.initial(m);
    all.add(answers("default", "", m, opened.add(new SysformerGuard(m, unchanged)), null));
    for (String given : guards) {
      Path folder = folder(given);
      Sysformer sysformer = Sysformer.load(folder);
      SysformerGuard guard = opened.add(new SysformerGuard(m, sysformer));
      Object weight = sysformer.provenance().settings().getOrDefault("w_class", 0);
      all.add(
          new GuardedAnswers(
              name(given),
              folder.toString(),
              chat(m, guard),
              guard,
              GuardedAnswers.harmScores(guard, weight),
              java.util.Optional.empty()));
    }
    for (String given : loras) {
      LanguageModel tuned = opened.add(m.with(Adapter.load(folder(given))));
      SysformerGuard guard = opened.add(new SysformerGuard(tuned, plain.initial(tuned)));
      all.add(answers(name(given), folder(given).toString(), tuned, guard, null));
    }
    if (screen != null) {
      List<Prompt> bad = PromptFile.read(screen.get(0));
      List<Prompt> good = PromptFile.read(screen.get(1));
      ActorProbe probe = ActorProbe.fit(m, half(bad, 0), half(good, 0));
      screenReport = probe.report();
      PromptGuard guard = PromptGuard.screening(probe, half(good, 1), half(bad, 1), falsePositives);
      all.add(answers("screen", "", m, guard, probe.layer().index()));
    }
    return all;
  }

  private static List<Prompt> half(List<Prompt> all, int which) {
    int middle = Math.min(LONGEST_SCREENED, all.size() / 2);
    require(middle >= 1, "--screen needs two prompts of each kind at least");
    return which == 0 ? all.subList(0, middle) : all.subList(middle, all.size());
  }

  private GuardedAnswers answers(
      String name, String source, LanguageModel m, PromptGuard guard, @Nullable Integer layer) {
    return new GuardedAnswers(
        name, source, chat(m, guard), guard, null, java.util.Optional.ofNullable(layer));
  }

  private GuardedChat chat(LanguageModel m, PromptGuard guard) {
    return new GuardedChat(m, guard, Generation.greedy(maxTokens), REFUSAL);
  }

  private static String name(String given) {
    int at = given.indexOf('=');
    require(at > 0 && at < given.length() - 1, "expected NAME=DIR, found '%s'", given);
    return given.substring(0, at);
  }

  private static Path folder(String given) {
    name(given);
    return Path.of(given.substring(given.indexOf('=') + 1));
  }
}
