package org.alignment4j.data.synthesis;

import java.math.BigDecimal;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.BudgetException;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.synthesis.ModelUsage;

/** Requests whose answers are kept in memory. */
final class MemoryRequests implements RequestLedger {
  final ConcurrentHashMap<String, StoredAnswer> answers = new ConcurrentHashMap<>();
  final AtomicLong left;

  MemoryRequests(long most) {
    left = new AtomicLong(most);
  }

  @Override
  public StoredAnswer answer(ChatModel model, ChatRequest request) {
    return answers.computeIfAbsent(
        request.key(model),
        key -> {
          if (left.getAndDecrement() <= 0) {
            throw new BudgetException("the budget of requests is used up");
          }
          return new StoredAnswer(
              model.answer(request),
              model.name(),
              request.promptHash(),
              new BigDecimal("0.001"),
              "EUR",
              false);
        });
  }

  @Override
  public List<ModelUsage> usage() {
    return List.of();
  }
}
