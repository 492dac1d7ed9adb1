package org.alignment4j.data.induction;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.synthesis.ModelUsage;

/** Keeps answers as long as it lives; for one thread. */
final class MemoryRequests implements RequestLedger {
  final Map<String, ChatAnswer> stored = new HashMap<>();
  int asked;

  @Override
  public StoredAnswer answer(ChatModel model, ChatRequest request) {
    String key = request.key(model);
    ChatAnswer there = stored.get(key);
    if (there == null) {
      asked++;
      stored.put(key, model.answer(request));
    }
    return new StoredAnswer(
        stored.get(key), model.name(), request.promptHash(), BigDecimal.ZERO, "", there != null);
  }

  @Override
  public List<ModelUsage> usage() {
    return List.of();
  }
}
