package org.alignment4j.data.request;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.synthesis.ModelUsage;

/**
 * A ledger that counts tokens and cost of every request, also of those that the store answers: the
 * cost of a run from scratch. Thread-safe.
 */
final class CountingRequests implements RequestLedger {
  private final RequestLedger requests;
  private final Map<String, ModelUsage> counts = new TreeMap<>();

  CountingRequests(RequestLedger requests) {
    this.requests = requests;
  }

  @Override
  public StoredAnswer answer(ChatModel model, ChatRequest request) {
    StoredAnswer answer = requests.answer(model, request);
    BigDecimal cost = answer.cost();
    ModelUsage one =
        new ModelUsage(
            model.name(),
            answer.fromStore() ? 0 : 1,
            answer.fromStore() ? 1 : 0,
            0,
            answer.answer().promptTokens(),
            answer.answer().completionTokens(),
            cost,
            answer.currency());
    synchronized (counts) {
      counts.merge(model.name(), one, ModelUsage::plus);
    }
    return answer;
  }

  /** As specified by the interface, but tokens and cost include those of stored answers. */
  @Override
  public List<ModelUsage> usage() {
    synchronized (counts) {
      return new ArrayList<>(counts.values());
    }
  }

  @Override
  public List<ModelUsage> usageOfAllRuns() {
    return requests.usageOfAllRuns();
  }
}
