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
 * A guard as an input guardrail of an AI service, before any chat model, a hosted one too. It
 * judges the conversation in the service's memory, without calls of tools and their results, and
 * the new user message. What is allowed passes; what is blocked ends the call by an {@code
 * InputGuardrailException} with the reason, and does not enter the memory; a user message that is
 * rewritten as text takes the other's place.
 *
 * <p>Everything else that a guard may rewrite is out of a guardrail's reach: for the system prompt,
 * and so for input embeddings, take {@link GuardedLangChainModel}. A guard that does so here fails,
 * as does one that throws or that is to read images, by {@code InputGuardrailException} too:
 * nothing passes unguarded. Thread-safe.
 */
public final class GuardInputGuardrail implements InputGuardrail {
  private final PromptGuard guard;

  /** A guardrail; the guard stays the caller's to close. */
  public GuardInputGuardrail(PromptGuard guard) {
    this.guard = guard;
  }

  @Override
  public InputGuardrailResult validate(InputGuardrailRequest request) {
    Prompt asked = conversation(request);
    Verdict verdict = guard.requireVerdict(asked);
    if (verdict.blocks()) {
      return fatal(verdict.reason());
    }
    if (!(verdict instanceof Verdict.Rewrite rewrite)) {
      return success();
    }
    if (rewrite.embedded() != null || !earlier(rewrite.prompt()).equals(earlier(asked))) {
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
