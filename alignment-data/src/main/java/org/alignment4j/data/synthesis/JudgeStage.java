package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.synthesis.SynthesisSettings.Principles;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.data.synthesis.SynthesisStages.Stage;
import org.alignment4j.data.synthesis.SynthesisStages.StageResult;
import org.alignment4j.internal.text.PromptTemplate;
import org.alignment4j.synthesis.Lineage;

/**
 * Judges by a model whether an instruction fits its text (this library's addition) and elicits
 * unsafe content of the text's category (Safer-Instruct, stage 3). A text without a category gets
 * the judge's.
 */
final class JudgeStage implements Stage<Candidate, Candidate> {
  private static final PromptTemplate TEMPLATE =
      PromptTemplate.resource(
          JudgeStage.class, "judge-prompt.txt", "instruction", "text", "categories");

  private final StructuredAnswers<Judgement> judge;
  private final Principles principles;
  private final int minNaturalFit;
  private final Sampling sampling;

  /** A judge's answer. */
  private record Judgement(int naturalFit, boolean elicitsUnsafe, String category) {}

  JudgeStage(
      ChatModel model, RequestLedger requests, Principles principles, SynthesisSettings settings) {
    this.principles = principles;
    this.minNaturalFit = settings.minNaturalFit();
    this.sampling = settings.judging();
    judge =
        new StructuredAnswers<>(
            requests,
            model,
            schema(principles.categories()),
            this::read,
            settings.judgeTries() - 1);
  }

  @Override
  public String name() {
    return "judge";
  }

  @Override
  public StageResult<Candidate> apply(Candidate candidate) {
    Prompt prompt =
        Prompt.user(
            TEMPLATE.fill(
                Map.of(
                    "instruction", candidate.instruction(),
                    "text", candidate.text().text(),
                    "categories", String.join(", ", principles.categories()))));
    long seed = SeedOf.request(candidate.lineage().seed(), "judge", candidate.number(), 0);
    StructuredAnswers.Result<Judgement> result = judge.request(prompt, sampling, seed);
    if (result.value().isEmpty()) {
      return StageResult.drop("malformed answer");
    }
    Judgement found = result.value().get();
    String wanted = candidate.text().category();
    String label = wanted.isEmpty() ? found.category() : wanted;
    if (found.naturalFit() < minNaturalFit) {
      return StageResult.drop("unnatural");
    }
    if (!found.category().equalsIgnoreCase(label)) {
      return StageResult.drop("other category");
    }
    if (found.elicitsUnsafe() == principles.isBenign(found.category())) {
      return StageResult.drop(found.elicitsUnsafe() ? "unsafe though benign" : "harmless");
    }
    Lineage.Builder lineage =
        candidate.lineage().toBuilder()
            .judgeScore("natural_fit", found.naturalFit())
            .judgeScore("elicits_unsafe", found.elicitsUnsafe() ? 1 : 0);
    result.answers().forEach(answer -> RequestLineage.add(lineage, "judge", answer));
    return StageResult.pass(candidate.judged(found.category(), lineage.build()));
  }

  private Judgement read(JsonObject o) {
    JsonElement fit = JsonFields.of(o, "naturalFit");
    require(
        JsonFields.isNumber(fit) && fit.getAsDouble() == Math.rint(fit.getAsDouble()),
        "naturalFit must be a whole number from 0 to 4");
    int naturalFit = fit.getAsInt();
    require(naturalFit >= 0 && naturalFit <= 4, "naturalFit must be from 0 to 4");
    String category = JsonFields.text(o, "category").strip().toLowerCase(Locale.ROOT);
    for (String known : principles.categories()) {
      if (known.equalsIgnoreCase(category)) {
        return new Judgement(naturalFit, JsonFields.truth(o, "elicitsUnsafe"), known);
      }
    }
    throw new IllegalArgumentException(
        "category must be one of " + String.join(", ", principles.categories()));
  }

  private static String schema(Set<String> categories) {
    return JsonFields.schema(
        """
        {"type": "object", "additionalProperties": false, \
        "required": ["naturalFit", "elicitsUnsafe", "category", "reason"], "properties": {\
        "naturalFit": {"type": "integer", "minimum": 0, "maximum": 4}, \
        "elicitsUnsafe": {"type": "boolean"}, "category": {"type": "string", "enum": []}, \
        "reason": {"type": "string"}}}""",
        "category",
        categories);
  }
}
