package org.alignment4j.examples.springai;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.GuardedChat;
import org.alignment4j.PromptGuard;
import org.alignment4j.PromptGuard.OnFailure;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerGuard;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;

/**
 * A chat client over a local model whose system prompt adapts to each request, with memory, behind
 * an advisor that checks the text alone.
 */
public final class GuardedClient {
  private static final String REFUSAL = "I cannot help with that.";

  private GuardedClient() {}

  /**
   * Runs it.
   *
   * @param args a checkpoint folder, a Sysformer's folder, and the questions, one per turn
   */
  public static void main(String[] args) {
    if (args.length < 3) {
      System.err.println("usage: GuardedClient CHECKPOINT SYSFORMER QUESTION...");
      System.exit(2);
    }
    List<String> questions = Arrays.asList(args).subList(2, args.length);
    run(Path.of(args[0]), Path.of(args[1]), questions);
  }

  static void run(Path checkpoint, Path sysformer, List<String> questions) {
    try (LanguageModel model = LanguageModel.load(checkpoint);
        SysformerGuard adapting = SysformerGuard.load(model, sysformer)) {
      PromptGuard guard = adapting.within(Duration.ofSeconds(5), OnFailure.BLOCK);
      GuardedChat chat = new GuardedChat(model, guard, Generation.greedy(64), REFUSAL);
      ChatClient client =
          ChatClient.builder(new GuardedSpringChatModel(chat))
              .defaultAdvisors(
                  MessageChatMemoryAdvisor.builder(MessageWindowChatMemory.builder().build())
                      .build(),
                  new GuardAdvisor(GuardedClient::shortOnly, REFUSAL, 0))
              .build();
      for (String question : questions) {
        client.prompt(question).stream()
            .content()
            .doOnNext(System.out::print)
            .doOnComplete(System.out::println)
            .blockLast();
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
