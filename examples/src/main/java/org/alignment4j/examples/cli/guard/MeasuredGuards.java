package org.alignment4j.examples.cli.guard;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.PromptGuard;
import org.alignment4j.actor.ActorProbe;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.examples.cli.input.PromptFile;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerSettings;
import org.alignment4j.sysformer.SysformerTuner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options for the guards that {@code guard evaluate} compares with the plain system prompt. */
final class MeasuredGuards {
  /** Maximum number of prompts of each class that a screen's probe is fitted to. */
  private static final int MAX_ANCHORS = 64;

  @Option(
      names = "--guard",
      paramLabel = "NAME=DIR",
      description = "folder of a guard from guard train; may be repeated")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private List<String> guards = new ArrayList<>();

  @Option(
      names = "--lora",
      paramLabel = "NAME=DIR",
      description = "an adapter to measure instead of a guard; may be repeated")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private List<String> loras = new ArrayList<>();

  @Option(
      names = "--screen",
      split = ",",
      paramLabel = "HARMFUL,HARMLESS",
      description =
          "also measure a guard that blocks by hidden states, fitted to these two files: the"
              + " probe to each one's first half, the threshold to the second")
  @CheckedPath(CheckedPath.Kind.FILE)
  private @Nullable List<Path> screen;

  @Option(
      names = "--false-positives",
      paramLabel = "RATE",
      defaultValue = "0.05",
      description = "share of harmless prompts that --screen may block (default: ${DEFAULT-VALUE})")
  private double falsePositives;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      defaultValue = SysformerSettings.SYSTEM_TEXT,
      description = "the plain system prompt (default: ${DEFAULT-VALUE})")
  private String system = SysformerSettings.SYSTEM_TEXT;

  void check() {
    require(screen == null || screen.size() == 2, "--screen takes two files, with a comma");
  }

  String system() {
    return system;
  }

  /** Opens the plain system prompt first, then the requested guards; close the result. */
  OpenGuards open(LanguageModel m, int maxTokens) {
    OpenGuards opened = new OpenGuards(maxTokens);
    try {
      openInto(opened, m);
      return opened;
    } catch (RuntimeException | Error e) {
      opened.close();
      throw e;
    }
  }

  private void openInto(OpenGuards opened, LanguageModel m) {
    SysformerTuner plain =
        new SysformerTuner(SysformerSettings.builder().systemText(system).layers(0).build());
    opened.plain("default", "", m, plain.initial(m));
    for (String given : guards) {
      opened.sysformer(name(given), folder(given), m);
    }
    for (String given : loras) {
      Path folder = folder(given);
      LanguageModel tuned = opened.tuned(m, Adapter.load(folder));
      opened.plain(name(given), folder.toString(), tuned, plain.initial(tuned));
    }
    if (screen != null) {
      List<Prompt> bad = PromptFile.read(screen.get(0));
      List<Prompt> good = PromptFile.read(screen.get(1));
      ActorProbe probe = ActorProbe.fit(m, half(bad, 0), half(good, 0));
      PromptGuard guard = PromptGuard.screening(probe, half(good, 1), half(bad, 1), falsePositives);
      opened.screen(m, probe, guard);
    }
  }

  private static List<Prompt> half(List<Prompt> all, int which) {
    int middle = Math.min(MAX_ANCHORS, all.size() / 2);
    require(middle >= 1, "--screen needs at least two prompts of each class");
    return which == 0 ? all.subList(0, middle) : all.subList(middle, all.size());
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
