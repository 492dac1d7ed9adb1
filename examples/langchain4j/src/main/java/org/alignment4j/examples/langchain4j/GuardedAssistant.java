package org.alignment4j.examples.langchain4j;

import dev.langchain4j.guardrail.InputGuardrailException;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.service.AiServices;
import java.nio.file.Path;
import java.time.Duration;
import org.alignment4j.GuardedChat;
import org.alignment4j.PromptGuard;
import org.alignment4j.PromptGuard.OnFailure;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerGuard;

/**
 * An AI service over a local model whose system prompt adapts to each request, behind a guardrail
 * that checks the text alone.
 */
public final class GuardedAssistant {
  private GuardedAssistant() {}

  /** The AI service that LangChain4j implements. */
  interface Assistant {
    String chat(String message);
  }

  /**
   * Runs it.
   *
   * @param args a checkpoint folder, a Sysformer's folder, and the questions, one per turn
   */
  public static void main(String[] args) {
    if (args.length < 3) {
      System.err.println("usage: GuardedAssistant CHECKPOINT SYSFORMER QUESTION...");
      System.exit(2);
    }
    String[] questions = java.util.Arrays.copyOfRange(args, 2, args.length);
    run(Path.of(args[0]), Path.of(args[1]), questions);
  }

  static void run(Path checkpoint, Path sysformer, String... questions) {
    try (LanguageModel model = LanguageModel.load(checkpoint);
        SysformerGuard adapting = SysformerGuard.load(model, sysformer)) {
      PromptGuard guard = adapting.within(Duration.ofSeconds(5), OnFailure.BLOCK);
      GuardedChat chat =
          new GuardedChat(model, guard, Generation.greedy(64), "I cannot help with that.");
      Assistant assistant =
          AiServices.builder(Assistant.class)
              .chatModel(new GuardedLangChainModel(chat))
              .chatMemory(MessageWindowChatMemory.withMaxMessages(20))
              .inputGuardrails(new GuardInputGuardrail(GuardedAssistant::shortOnly))
              .build();
      for (String question : questions) {
        try {
          System.out.println(assistant.chat(question));
        } catch (InputGuardrailException e) {
          System.out.println("Blocked: " + e.getMessage());
        }
      }
    }
  }

  /** A custom guard without a model; a chain or a probe guard could be used as well. */
  private static Verdict shortOnly(Prompt conversation) {
    int length = conversation.last().text().length();
    String reason = length + " characters";
    return length > 2000
        ? new Verdict.Block(1, reason, Duration.ZERO)
        : new Verdict.Allow(0, reason, Duration.ZERO);
  }
}
