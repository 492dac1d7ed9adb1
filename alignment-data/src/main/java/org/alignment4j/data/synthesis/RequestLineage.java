package org.alignment4j.data.synthesis;

import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.synthesis.Lineage;

/** Adds answered requests to a lineage, whether they were sent now or came from the store. */
final class RequestLineage {
  private RequestLineage() {}

  static Lineage.Builder add(Lineage.Builder lineage, String role, StoredAnswer answer) {
    lineage
        .model(role, answer.model())
        .addTokens(answer.answer().promptTokens(), answer.answer().completionTokens())
        .addPromptHash(answer.promptHash());
    return answer.cost().signum() == 0
        ? lineage
        : lineage.addCost(answer.cost(), answer.currency());
  }
}
