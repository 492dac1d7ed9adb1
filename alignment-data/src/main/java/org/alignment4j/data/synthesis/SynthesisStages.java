package org.alignment4j.data.synthesis;

import java.util.List;
import org.alignment4j.data.request.Requests;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesizedPair;
import org.jspecify.annotations.Nullable;

/**
 * The stages of Safer-Instruct, each of which can be used alone: source, induce, rules, judge,
 * respond, verify. {@link SaferInstruct#stages} makes them. Immutable; threads may share it.
 */
public final class SynthesisStages {
  static final String TEXT_DUPLICATES = "text duplicates";
  static final String INSTRUCTION_DUPLICATES = "instruction duplicates";
  static final List<String> ORDER =
      List.of(
          "source",
          TEXT_DUPLICATES,
          "induce",
          "rules",
          INSTRUCTION_DUPLICATES,
          "judge",
          "respond",
          "verify");

  private final Requests requests;
  private final SynthesisSettings settings;
  private final Stage<SourceText, SourceText> source;
  private final Stage<SourceText, Candidate> induce;
  private final Stage<Candidate, Candidate> rules;
  private final @Nullable JudgeStage judge;
  private final @Nullable RespondStage respond;
  private final @Nullable VerifyStage verify;

  SynthesisStages(SynthesisPlan plan, Requests requests) {
    this.requests = requests;
    settings = plan.settings();
    source = new SourceStage(plan.licences(), plan.decontamination(), plan.scrubber());
    induce = new InduceStage(plan.inducer(), requests, settings.instructions(), settings.seed());
    rules = new RulesStage(settings.rules(), plan.decontamination(), plan.scrubber());
    judge =
        plan.judge()
            .map(model -> new JudgeStage(model, requests, plan.principles(), settings))
            .orElse(null);
    respond =
        plan.expert()
            .map(
                model ->
                    new RespondStage(model, requests, plan.principles(), settings.answering(), 0))
            .orElse(null);
    verify =
        plan.verifier()
            .map(model -> new VerifyStage(model, requests, plan.principles(), settings))
            .orElse(null);
  }

  /** Which texts may be used: licence, evaluation sets, personal data. */
  public Stage<SourceText, SourceText> source() {
    return source;
  }

  /** Finds instructions for a text. */
  public Stage<SourceText, Candidate> induce() {
    return induce;
  }

  /** The cheap rules for instructions. */
  public Stage<Candidate, Candidate> rules() {
    return rules;
  }

  /**
   * Whether an instruction fits its text and its category.
   *
   * @throws IllegalStateException if there is no judge
   */
  public Stage<Candidate, Candidate> judge() {
    return set(judge, "judge");
  }

  /**
   * Has an expert answer an instruction, once.
   *
   * @throws IllegalStateException if there is no expert
   */
  public Stage<Candidate, Response> respond() {
    return set(respond, "expert");
  }

  /**
   * Whether an answer is safe, not empty, no echo and, for harmless instructions, no refusal.
   *
   * @throws IllegalStateException if there is neither a verifier nor a judge
   */
  public Stage<Response, SynthesizedPair> verify() {
    return set(verify, "verifier");
  }

  private static <T> T set(@Nullable T stage, String model) {
    if (stage == null) {
      throw new IllegalStateException("there is no " + model);
    }
    return stage;
  }

  Requests requests() {
    return requests;
  }

  /** What a run needs beyond instructions; tells early what is missing. */
  void requireAnswers() {
    set(respond, "expert");
    set(judge, "judge");
    set(verify, "verifier");
  }

  /** The instructions of a text that pass the rules. */
  ItemWork<Candidate> candidates(SourceText text) {
    Tally tally = new Tally();
    List<Candidate> induced = tally.apply(induce, text.category(), text);
    return new ItemWork<>(tally.applyAll(rules, text.category(), induced), tally);
  }

  /** An instruction judged, answered and verified; another answer is drawn if one does not pass. */
  ItemWork<SynthesizedPair> pair(Candidate candidate) {
    Tally tally = new Tally();
    String category = candidate.text().category();
    List<Candidate> accepted = tally.apply(judge(), category, candidate);
    if (accepted.isEmpty()) {
      return new ItemWork<>(List.of(), tally);
    }
    Candidate judged = accepted.get(0);
    for (int attempt = 0; ; attempt++) {
      // Only the last attempt is counted, so that a stage's figures are of instructions.
      Tally tried = new Tally();
      List<Response> answers =
          tried.apply(set(respond, "expert").attempt(attempt), category, judged);
      List<SynthesizedPair> pairs =
          answers.isEmpty()
              ? List.of()
              : tried.apply(set(verify, "verifier").attempt(attempt), category, answers.get(0));
      if (!pairs.isEmpty() || answers.isEmpty() || attempt + 1 == settings.answerTries()) {
        tally.add(tried);
        return new ItemWork<>(pairs, tally);
      }
      judged = judged.judged(judged.label(), answers.get(0).lineage());
    }
  }
}
