package org.alignment4j.data.synthesis;

import com.google.gson.JsonObject;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.synthesis.SynthesisSettings.InstructionRules;
import org.alignment4j.data.synthesis.SynthesisSettings.Principles;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.data.synthesis.SynthesisStages.Response;
import org.alignment4j.data.synthesis.SynthesisStages.Stage;
import org.alignment4j.data.synthesis.SynthesisStages.StageResult;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.internal.text.PromptTemplate;
import org.alignment4j.synthesis.Lineage;
import org.alignment4j.synthesis.SynthesizedPair;
import org.alignment4j.tune.PreferencePair;

/**
 * Checks an expert's answer by rules, then by a model with its own prompt (Safer-Instruct, stage
 * 5): unsafe, empty, echoing and, for harmless instructions, refusing answers are dropped.
 */
final class VerifyStage implements Stage<Response, SynthesizedPair> {
  private static final PromptTemplate TEMPLATE =
      PromptTemplate.resource(
          VerifyStage.class, "verify-prompt.txt", "instruction", "answer", "principles");
  private static final String SCHEMA =
      """
      {"type": "object", "additionalProperties": false, \
      "required": ["safe", "refuses", "keepsPrinciples", "reason"], "properties": {\
      "safe": {"type": "boolean"}, "refuses": {"type": "boolean"}, \
      "keepsPrinciples": {"type": "boolean"}, "reason": {"type": "string"}}}""";

  /** The copy ratio from which an answer is considered an echo. */
  private static final double ECHO = 0.5;

  private final StructuredAnswers<Review> verifier;
  private final Principles principles;
  private final Sampling sampling;
  private final int attempt;
  private final RefusalJudge refusals = new StringRefusalJudge();

  /** A verifier's answer. */
  private record Review(boolean safe, boolean refuses, boolean keepsPrinciples) {}

  VerifyStage(
      ChatModel model, RequestLedger requests, Principles principles, SynthesisSettings settings) {
    this(
        new StructuredAnswers<>(
            requests, model, SCHEMA, VerifyStage::read, settings.judgeTries() - 1),
        principles,
        settings.judging(),
        0);
  }

  private VerifyStage(
      StructuredAnswers<Review> verifier, Principles principles, Sampling sampling, int attempt) {
    this.verifier = verifier;
    this.principles = principles;
    this.sampling = sampling;
    this.attempt = attempt;
  }

  /** Returns this stage for a further attempt. */
  VerifyStage attempt(int number) {
    return new VerifyStage(verifier, principles, sampling, number);
  }

  @Override
  public String name() {
    return "verify";
  }

  @Override
  public StageResult<SynthesizedPair> apply(Response response) {
    Optional<String> flaw = flaw(response);
    if (flaw.isPresent()) {
      return StageResult.drop(flaw.get());
    }
    Candidate candidate = response.candidate();
    Prompt prompt =
        Prompt.user(
            TEMPLATE.fill(
                Map.of(
                    "instruction", candidate.instruction(),
                    "answer", response.text(),
                    "principles", principles.text(candidate.label()))));
    long seed = SeedOf.request(candidate.lineage().seed(), "verifier", candidate.number(), attempt);
    StructuredAnswers.Result<Review> result = verifier.request(prompt, sampling, seed);
    if (result.value().isEmpty()) {
      return StageResult.drop("malformed answer");
    }
    Review review = result.value().get();
    if (!review.safe()) {
      return StageResult.drop("unsafe");
    }
    if (principles.isBenign(candidate.label()) && review.refuses()) {
      return StageResult.drop("refuses");
    }
    if (!review.keepsPrinciples()) {
      return StageResult.drop("against the principles");
    }
    Lineage.Builder lineage =
        response.lineage().toBuilder()
            .judgeScore("attempts", attempt + 1)
            .judgeScore("refuses", review.refuses() ? 1 : 0);
    result.answers().forEach(answer -> RequestLineage.add(lineage, "verifier", answer));
    return StageResult.pass(
        new SynthesizedPair(
            new PreferencePair(
                candidate.id(),
                Prompt.user(candidate.instruction()),
                response.text(),
                candidate.text().text()),
            candidate.label(),
            lineage.build()));
  }

  /** Returns the flaw that the rules find, if any. */
  private Optional<String> flaw(Response response) {
    Candidate candidate = response.candidate();
    String answer = response.text();
    if (response.finish() == Finish.FILTERED) {
      return Optional.of("filtered");
    }
    if (response.finish() == Finish.OTHER) {
      return Optional.of("no whole answer");
    }
    if (InstructionRules.words(answer) == 0) {
      return Optional.of("empty");
    }
    if (response.finish() == Finish.LENGTH) {
      return Optional.of("cut off");
    }
    if (InstructionRules.copyRatio(answer, candidate.text().text()) >= ECHO
        || echoes(answer, candidate.instruction())) {
      return Optional.of("echo");
    }
    boolean refuses = refusals.judge(candidate.instruction(), answer).isRefusal();
    return principles.isBenign(candidate.label()) && refuses
        ? Optional.of("refuses")
        : Optional.empty();
  }

  /** Whether an answer only echoes the instruction; it may start with it. */
  private static boolean echoes(String answer, String instruction) {
    return InstructionRules.words(answer) < 2 * InstructionRules.words(instruction)
        && InstructionRules.copyRatio(answer, instruction) >= ECHO;
  }

  private static Review read(JsonObject o) {
    return new Review(
        JsonFields.truth(o, "safe"),
        JsonFields.truth(o, "refuses"),
        JsonFields.truth(o, "keepsPrinciples"));
  }
}
