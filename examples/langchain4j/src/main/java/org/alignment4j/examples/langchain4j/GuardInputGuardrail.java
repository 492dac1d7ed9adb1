package org.alignment4j.examples.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.guardrail.InputGuardrail;
import dev.langchain4j.guardrail.InputGuardrailRequest;
import dev.langchain4j.guardrail.InputGuardrailResult;
import dev.langchain4j.memory.ChatMemory;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.PromptGuard;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Prompt;

/**
 * A guard as an input guardrail of an AI service, before any chat model, also a hosted one. It
 * checks the conversation in the service's memory, without tool calls and their results, and the
 * new user message. An allowed message passes; a blocked one ends the call with an {@code
 * InputGuardrailException} that has the reason, and does not enter the memory; a rewritten text
 * replaces the user message.
 *
 * <p>A guardrail cannot rewrite anything else: to rewrite the system prompt or input embeddings,
 * use {@link GuardedLangChainModel}. Such a rewrite, a guard that throws, and messages with images
 * also end in an {@code InputGuardrailException}: nothing passes unguarded. Thread-safe.
 */
public final class GuardInputGuardrail implements InputGuardrail {
  private final PromptGuard guard;

  /** Creates a guardrail; the guard is owned by the caller, who closes it. */
  public GuardInputGuardrail(PromptGuard guard) {
    this.guard = guard;
  }

  @Override
  public InputGuardrailResult validate(InputGuardrailRequest request) {
    Prompt conversation = conversation(request);
    Verdict verdict = guard.requireVerdict(conversation);
    if (verdict.blocks()) {
      return fatal(verdict.reason());
    }
    if (!(verdict instanceof Verdict.Rewrite rewrite)) {
      return success();
    }
    if (rewrite.embedded() != null || !earlier(rewrite.prompt()).equals(earlier(conversation))) {
      throw new UnsupportedFeatureException(
          "a guardrail rewrites the user message only; this guard needs GuardedLangChainModel");
    }
    return successWith(rewrite.prompt().last().text());
  }

  private static Prompt conversation(InputGuardrailRequest request) {
    List<ChatMessage> messages = new ArrayList<>();
    ChatMemory memory = request.requestParams().chatMemory();
    if (memory != null) {
      messages.addAll(LangChainMessages.withoutTools(memory.messages()));
    }
    messages.add(request.userMessage());
    return LangChainMessages.prompt(messages);
  }

  private static List<?> earlier(Prompt prompt) {
    return prompt.messages().subList(0, prompt.messages().size() - 1);
  }
}
