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

  RequestLedger requests() {
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
    StageTally tally = new StageTally();
    List<Candidate> induced = tally.apply(induce, text.category(), text);
    return new ItemWork<>(tally.applyAll(rules, text.category(), induced), tally);
  }

  /** An instruction judged, answered and verified; another answer is drawn if one does not pass. */
  ItemWork<SynthesizedPair> pair(Candidate candidate) {
    StageTally tally = new StageTally();
    String category = candidate.text().category();
    List<Candidate> accepted = tally.apply(judge(), category, candidate);
    if (accepted.isEmpty()) {
      return new ItemWork<>(List.of(), tally);
    }
    Candidate judged = accepted.get(0);
    for (int attempt = 0; ; attempt++) {
      // Only the last attempt is counted, so that a stage's figures are of instructions.
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
   * One step of synthesis: from an item come no, one or several items of the next kind, and a
   * reason for each that does not go on. What comes of an item depends on it alone, so that items
   * can be worked on in any order and place. Threads may share a stage.
   *
   * @param <I> what comes in
   * @param <O> what goes on
   */
  public interface Stage<I, O> {
    /** What the stage is called in reports. */
    String name();

    /**
     * Works on an item.
     *
     * @throws org.alignment4j.data.request.ChatException if a model that is needed does not answer
     * @throws org.alignment4j.data.request.RequestLedger.BudgetException if a request could go over
     *     the budget
     */
    StageResult<O> apply(I item);
  }

  /**
   * What came of an item. Immutable.
   *
   * @param passed what goes on, possibly nothing
   * @param dropped a reason for each thing that does not, such as "too short"; never a text's words
   * @param <O> what goes on
   */
  public record StageResult<O>(List<O> passed, List<String> dropped) {
    /** Copies the lists. */
    public StageResult {
      passed = List.copyOf(passed);
      dropped = List.copyOf(dropped);
    }

    /** One thing goes on. */
    public static <O> StageResult<O> pass(O item) {
      return new StageResult<>(List.of(item), List.of());
    }

    /** Nothing goes on, for a reason. */
    public static <O> StageResult<O> drop(String reason) {
      return new StageResult<>(List.of(), List.of(reason));
    }
  }

  /**
   * A text with an instruction that it may be the answer to. Immutable.
   *
   * @param text the text
   * @param number which of the text's instructions it is, from 0
   * @param instruction the instruction
   * @param label the category, as far as it is known
   * @param lineage what was done so far
   */
  public record Candidate(
      SourceText text, int number, String instruction, String label, Lineage lineage)
      implements Serializable {
    /**
     * @throws IllegalArgumentException if the number is below 0
     */
    public Candidate {
      require(number >= 0, "candidates are numbered from 0, found %s", number);
    }

    /** The text's id, with the number behind it unless it is 0. */
    public String id() {
      return number == 0 ? text.id() : text.id() + "#" + number;
    }

    /** This candidate with another instruction. */
    public Candidate withInstruction(String newInstruction) {
      return new Candidate(text, number, newInstruction, label, lineage);
    }

    /** This candidate as a judge found it. */
    public Candidate judged(String newLabel, Lineage newLineage) {
      return new Candidate(text, number, instruction, newLabel, newLineage);
    }

    /** The id; the texts may be private. */
    @Override
    public String toString() {
      return "Candidate[" + id() + "]";
    }
  }

  /**
   * An expert's answer to a candidate's instruction. Immutable.
   *
   * @param candidate what was answered
   * @param text the answer, possibly empty
   * @param finish why it ends
   * @param lineage the candidate's, with the answer's request added
   */
  public record Response(
      Candidate candidate, String text, ChatAnswer.Finish finish, Lineage lineage) {
    /** The candidate's id; the texts may be private. */
    @Override
    public String toString() {
      return "Response[" + candidate.id() + "]";
    }
  }
}
