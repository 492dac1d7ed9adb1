package org.alignment4j.examples.cli.guard;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.alignment4j.GuardedChat;
import org.alignment4j.PromptGuard;
import org.alignment4j.actor.ActorProbe;
import org.alignment4j.actor.ProbeReport;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.Sysformer;
import org.alignment4j.sysformer.SysformerGuard;
import org.jspecify.annotations.Nullable;

/** The measured guards with their resources, closed in reverse order. */
final class OpenGuards implements AutoCloseable {
  private static final String REFUSAL = "I cannot help with that.";

  private final Generation settings;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<GuardedAnswers> all = new ArrayList<>();
  private @Nullable ProbeReport screenReport;

  OpenGuards(int maxTokens) {
    this.settings = Generation.greedy(maxTokens);
  }

  List<GuardedAnswers> all() {
    return all;
  }

  /** Returns the report of the screen's probe; empty if there is no screen. */
  Optional<ProbeReport> screenReport() {
    return Optional.ofNullable(screenReport);
  }

  /** Returns a model with an adapter, measured without a guard. */
  LanguageModel tuned(LanguageModel m, Adapter adapter) {
    return opened(m.with(adapter));
  }

  /** Adds a model with a static system prompt. */
  void plain(String name, String source, LanguageModel m, Sysformer unchanged) {
    add(name, source, m, opened(new SysformerGuard(m, unchanged)), null, Optional.empty());
  }

  /** Adds a guard from {@code guard train}. */
  void sysformer(String name, Path folder, LanguageModel m) {
    Sysformer sysformer = Sysformer.load(folder);
    SysformerGuard guard = opened(new SysformerGuard(m, sysformer));
    Object weight = sysformer.provenance().settings().getOrDefault("w_class", 0);
    add(
        name,
        folder.toString(),
        m,
        guard,
        GuardedAnswers.harmScores(guard, weight),
        Optional.empty());
  }

  /** Adds a guard that blocks by the model's hidden states. */
  void screen(LanguageModel m, ActorProbe probe, PromptGuard guard) {
    screenReport = probe.report();
    add("screen", "", m, guard, null, Optional.of(probe.layer().index()));
  }

  private void add(
      String name,
      String source,
      LanguageModel m,
      PromptGuard guard,
      @Nullable Function<List<Prompt>, double[]> harmScores,
      Optional<Integer> layer) {
    GuardedChat chat = new GuardedChat(m, guard, settings, REFUSAL);
    all.add(new GuardedAnswers(name, source, chat, guard, harmScores, layer));
  }

  private <T extends AutoCloseable> T opened(T one) {
    open.add(one);
    return one;
  }

  @Override
  public void close() {
    for (int i = open.size() - 1; i >= 0; i--) {
      try {
        open.get(i).close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
