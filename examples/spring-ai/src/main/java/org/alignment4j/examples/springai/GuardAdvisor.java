package org.alignment4j.examples.springai;

import java.util.List;
import org.alignment4j.PromptGuard;
import org.alignment4j.Verdict;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.messages.Message;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/**
 * A guard as an advisor, before any chat model, also a hosted one. It checks the prompt without
 * tool calls and their results. An allowed prompt is passed on; a blocked one gets the refusal
 * text, with finish reason {@code CONTENT_FILTER} and the verdict in the metadata, in the form of
 * {@code Verdict.asMap}; a rewritten text is passed on in place of the original. The context holds
 * the {@link Verdict} as {@value #VERDICT}. Blocked turns are removed from the history of later
 * prompts, for guard and model.
 *
 * <p>Throws UnsupportedOperationException for rewritten input embeddings, which need {@link
 * GuardedSpringChatModel}, and IllegalArgumentException for images and other media. In a stream, a
 * guard runs on a thread that may block, is interrupted if the stream is cancelled, and its errors
 * go to the stream. Thread-safe.
 */
public final class GuardAdvisor implements CallAdvisor, StreamAdvisor {
  /** Key of the verdict in the context. */
  public static final String VERDICT = "guard.verdict";

  private final PromptGuard guard;
  private final String refusal;
  private final int order;

  /**
   * Creates an advisor; the guard is owned by the caller, who closes it.
   *
   * @param refusal the response to prompts that the guard blocks
   * @param order higher than that of an advisor with memory, so that the guard sees the history; 0
   *     is
   */
  public GuardAdvisor(PromptGuard guard, String refusal, int order) {
    this.guard = guard;
    this.refusal = refusal;
    this.order = order;
  }

  @Override
  public String getName() {
    return "guard";
  }

  @Override
  public int getOrder() {
    return order;
  }

  @Override
  public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
    Checked checked = check(request);
    return checked.verdict().blocks() ? refused(checked) : chain.nextCall(checked.request());
  }

  @Override
  public Flux<ChatClientResponse> adviseStream(
      ChatClientRequest request, StreamAdvisorChain chain) {
    // A sink silently drops exceptions of an interrupted guard after the stream was cancelled.
    return Flux.<Checked>create(
            sink -> {
              try {
                sink.next(check(request));
                sink.complete();
              } catch (Error e) {
                // Reactor does not emit errors that it considers fatal: the stream would not end.
                sink.error(new IllegalStateException("the guard failed", e));
              }
            })
        .subscribeOn(Schedulers.boundedElastic())
        .concatMap(
            checked ->
                checked.verdict().blocks()
                    ? Flux.just(refused(checked))
                    : chain.nextStream(checked.request()));
  }

  /**
   * A verdict and the request to pass on.
   *
   * @param request the request, rewritten if the verdict is a rewrite, with the verdict in its
   *     context
   */
  private record Checked(Verdict verdict, ChatClientRequest request) {}

  private Checked check(ChatClientRequest request) {
    List<Message> messages = SpringMessages.withoutBlocked(request.prompt().getInstructions());
    Verdict verdict =
        guard.requireVerdict(
            SpringMessages.prompt(
                messages.stream().filter(m -> !SpringMessages.isOfTools(m)).toList()));
    if (verdict instanceof Verdict.Rewrite rewrite) {
      if (rewrite.embedded() != null) {
        throw new UnsupportedOperationException(
            "an advisor rewrites text only; a guard that rewrites embeddings needs"
                + " GuardedSpringChatModel");
      }
      messages = SpringMessages.rewritten(messages, rewrite.prompt());
    }
    ChatClientRequest next =
        request
            .mutate()
            .prompt(request.prompt().mutate().messages(messages).build())
            .context(VERDICT, verdict)
            .build();
    return new Checked(verdict, next);
  }

  private ChatClientResponse refused(Checked checked) {
    return ChatClientResponse.builder()
        .chatResponse(SpringResponses.refusal(refusal, checked.verdict()))
        .context(checked.request().context())
        .build();
  }
}
