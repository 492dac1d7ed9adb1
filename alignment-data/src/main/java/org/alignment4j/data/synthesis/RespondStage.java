package org.alignment4j.data.synthesis;

import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.data.synthesis.SynthesisSettings.Principles;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.data.synthesis.SynthesisStages.Response;
import org.alignment4j.data.synthesis.SynthesisStages.Stage;
import org.alignment4j.data.synthesis.SynthesisStages.StageResult;

/** Lets an expert answer under the principles of the category (Safer-Instruct, stage 4). */
final class RespondStage implements Stage<Candidate, Response> {
  private final ChatModel expert;
  private final RequestLedger requests;
  private final Principles principles;
  private final Sampling sampling;
  private final int attempt;

  RespondStage(
      ChatModel expert,
      RequestLedger requests,
      Principles principles,
      Sampling sampling,
      int attempt) {
    this.expert = expert;
    this.requests = requests;
    this.principles = principles;
    this.sampling = sampling;
    this.attempt = attempt;
  }

  /** Returns this stage for a further attempt, which samples another answer. */
  RespondStage attempt(int number) {
    return new RespondStage(expert, requests, principles, sampling, number);
  }

  @Override
  public String name() {
    return "respond";
  }

  @Override
  public StageResult<Response> apply(Candidate candidate) {
    Prompt prompt =
        Prompt.of(
            Message.system(principles.text(candidate.label())),
            Message.user(candidate.instruction()));
    long seed = SeedOf.request(candidate.lineage().seed(), "expert", candidate.number(), attempt);
    StoredAnswer answer = requests.answer(expert, ChatRequest.of(prompt, sampling, seed));
    return StageResult.pass(
        new Response(
            candidate,
            answer.answer().text().strip(),
            answer.answer().finish(),
            RequestLineage.add(candidate.lineage().toBuilder(), "expert", answer).build()));
  }
}
