package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.Serializable;
import java.util.List;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.synthesis.Lineage;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesizedPair;
import org.jspecify.annotations.Nullable;

/**
 * The stages of Safer-Instruct, each of which can be used alone: source, induce, rules, judge,
 * respond, verify. Returned by {@link SaferInstruct#stages}. Immutable and thread-safe.
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

  private final RequestLedger requests;
  private final SynthesisSettings settings;
  private final Stage<SourceText, SourceText> source;
  private final Stage<SourceText, Candidate> induce;
  private final Stage<Candidate, Candidate> rules;
  private final @Nullable JudgeStage judge;
  private final @Nullable RespondStage respond;
  private final @Nullable VerifyStage verify;

  SynthesisStages(SynthesisPlan plan, RequestLedger requests) {
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

  /**
   * Returns the stage that filters texts by licence and evaluation sets, and replaces personal
   * data.
   */
  public Stage<SourceText, SourceText> source() {
    return source;
  }

  /** Returns the stage that induces instructions for a text. */
  public Stage<SourceText, Candidate> induce() {
    return induce;
  }

  /** Returns the stage that applies the rules for instructions. */
  public Stage<Candidate, Candidate> rules() {
    return rules;
  }

  /**
   * Returns the stage that judges whether an instruction fits its text and its category.
   *
   * @throws IllegalStateException if there is no judge
   */
  public Stage<Candidate, Candidate> judge() {
    return set(judge, "judge");
  }

  /**
   * Returns the stage in which an expert answers an instruction, once.
   *
   * @throws IllegalStateException if there is no expert
   */
  public Stage<Candidate, Response> respond() {
    return set(respond, "expert");
  }

  /**
   * Returns the stage that verifies that an answer is safe, not empty, not an echo and, for
   * harmless instructions, not a refusal.
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

  RequestLedger requests() {
    return requests;
  }

  /** Checks early that the models of all stages are set. */
  void requireAnswers() {
    set(respond, "expert");
    set(judge, "judge");
    set(verify, "verifier");
  }

  /** Returns the instructions of a text that pass the rules. */
  ItemWork<Candidate> candidates(SourceText text) {
    StageTally tally = new StageTally();
    List<Candidate> induced = tally.apply(induce, text.category(), text);
    return new ItemWork<>(tally.applyAll(rules, text.category(), induced), tally);
  }

  /** Judges, answers and verifies an instruction; samples another answer if one does not pass. */
  ItemWork<SynthesizedPair> pair(Candidate candidate) {
    StageTally tally = new StageTally();
    String category = candidate.text().category();
    List<Candidate> accepted = tally.apply(judge(), category, candidate);
    if (accepted.isEmpty()) {
      return new ItemWork<>(List.of(), tally);
    }
    Candidate judged = accepted.get(0);
    for (int attempt = 0; ; attempt++) {
      // Only the last attempt is counted, so that a stage's counts are of instructions.
      StageTally tried = new StageTally();
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

  /**
   * One step of the synthesis: maps an item to zero or more items of the next stage, and a reason
   * for each one dropped. The results depend on the item alone, so that items can be processed in
   * any order and on any machine. Implementations must be thread-safe.
   *
   * @param <I> the input items
   * @param <O> the output items
   */
  public interface Stage<I, O> {
    /** Returns the stage's name in reports. */
    String name();

    /**
     * Processes an item.
     *
     * @throws org.alignment4j.data.request.ChatException if a required model returns no answer
     * @throws org.alignment4j.data.request.RequestLedger.BudgetException if a request could exceed
     *     the budget
     */
    StageResult<O> apply(I item);
  }

  /**
   * The results of an item. Immutable.
   *
   * @param passed the output items, possibly none
   * @param dropped a reason for each dropped item, such as "too short"; never contains text of the
   *     item
   * @param <O> the output items
   */
  public record StageResult<O>(List<O> passed, List<String> dropped) {
    /** Copies the lists. */
    public StageResult {
      passed = List.copyOf(passed);
      dropped = List.copyOf(dropped);
    }

    /** Returns a result with one output item. */
    public static <O> StageResult<O> pass(O item) {
      return new StageResult<>(List.of(item), List.of());
    }

    /** Returns a result without an output item, for a reason. */
    public static <O> StageResult<O> drop(String reason) {
      return new StageResult<>(List.of(), List.of(reason));
    }
  }

  /**
   * A text with an instruction to which it may be the answer. Immutable.
   *
   * @param text the text
   * @param number index among the text's instructions, from 0
   * @param instruction the instruction
   * @param label the category, if known
   * @param lineage the lineage so far
   */
  public record Candidate(
      SourceText text, int number, String instruction, String label, Lineage lineage)
      implements Serializable {
    /**
     * @throws IllegalArgumentException if the number is negative
     */
    public Candidate {
      require(number >= 0, "candidates are numbered from 0, found %s", number);
    }

    /** Returns the text's id, followed by the number unless that is 0. */
    public String id() {
      return number == 0 ? text.id() : text.id() + "#" + number;
    }

    /** Returns this candidate with another instruction. */
    public Candidate withInstruction(String newInstruction) {
      return new Candidate(text, number, newInstruction, label, lineage);
    }

    /** Returns this candidate with the judge's category and the new lineage. */
    public Candidate judged(String newLabel, Lineage newLineage) {
      return new Candidate(text, number, instruction, newLabel, newLineage);
    }

    /** Returns the id only; the texts may be private. */
    @Override
    public String toString() {
      return "Candidate[" + id() + "]";
    }
  }

  /**
   * An expert's answer to a candidate's instruction. Immutable.
   *
   * @param candidate the candidate that was answered
   * @param text the answer, possibly empty
   * @param finish the reason why it ends
   * @param lineage the candidate's, with the answer's request added
   */
  public record Response(
      Candidate candidate, String text, ChatAnswer.Finish finish, Lineage lineage) {
    /** Returns the candidate's id only; the texts may be private. */
    @Override
    public String toString() {
      return "Response[" + candidate.id() + "]";
    }
  }
}
