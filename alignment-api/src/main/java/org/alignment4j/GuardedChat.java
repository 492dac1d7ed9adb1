package org.alignment4j;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Completion.GeneratedToken;
import org.alignment4j.model.EmbeddedPrompt;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/**
 * A local model behind a guard. Thread-safe: one instance serves many conversations at once, each
 * in its own {@link Session}.
 */
public final class GuardedChat {
  private final LanguageModel model;
  private final PromptGuard guard;
  private final Generation settings;
  private final String refusal;

  /**
   * Creates a chat. The caller remains responsible for closing model and guard.
   *
   * @param settings generation settings of responses, unless a call passes its own
   * @param refusal the reply to a conversation that the guard blocks
   */
  public GuardedChat(LanguageModel model, PromptGuard guard, Generation settings, String refusal) {
    this.model = model;
    this.guard = guard;
    this.settings = settings;
    this.refusal = refusal;
  }

  /**
   * A reply to a conversation: the model's response, or the refusal text if the guard blocked it.
   *
   * @param text the response, or the refusal text
   * @param verdict the guard's verdict
   * @param promptTokens number of prompt tokens; 0 if the model was not run
   * @param completion the generated response; null if the model was not run
   */
  public record Reply(
      String text, Verdict verdict, int promptTokens, @Nullable Completion completion) {}

  /** The default generation settings. */
  public Generation settings() {
    return settings;
  }

  /** Replies to one conversation, which ends with a user message. */
  public Reply reply(Prompt conversation) {
    return reply(conversation, settings, text -> {});
  }

  /**
   * Replies to one conversation and streams the text.
   *
   * @param listener called on this thread with each piece of the response, in order; with the whole
   *     refusal text at once
   */
  public Reply reply(Prompt conversation, Consumer<String> listener) {
    return reply(conversation, settings, listener);
  }

  /**
   * Replies to one conversation with the given settings; see {@link #reply(Prompt, Consumer)}.
   *
   * @throws IllegalArgumentException if an allowed conversation leaves no room for a response in
   *     the model's context
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public Reply reply(Prompt conversation, Generation settings, Consumer<String> listener) {
    return reply(conversation, settings, null, listener);
  }

  /**
   * Replies to many conversations in batches; reply i belongs to conversation i. A reply does not
   * depend on the other conversations in the batch, except by rounding.
   */
  public List<Reply> replyAll(List<Prompt> conversations) {
    List<Verdict> verdicts = guard.requireVerdicts(conversations);
    Map<Integer, int[]> plain = new LinkedHashMap<>();
    Map<Integer, EmbeddedPrompt> adapted = new LinkedHashMap<>();
    for (int i = 0; i < verdicts.size(); i++) {
      Verdict verdict = verdicts.get(i);
      Verdict.Rewrite rewrite = verdict instanceof Verdict.Rewrite r ? r : null;
      if (rewrite != null && rewrite.embedded() != null) {
        adapted.put(i, rewrite.embedded());
      } else if (!verdict.blocks()) {
        Prompt effective = rewrite == null ? conversations.get(i) : rewrite.prompt();
        plain.put(i, model.tokenizer().encode(effective));
      }
    }
    Map<Integer, Reply> replies = new HashMap<>();
    if (!plain.isEmpty()) {
      List<int[]> ids = List.copyOf(plain.values());
      put(List.copyOf(plain.keySet()), ids, model.generateIds(ids, settings), verdicts, replies);
    }
    if (!adapted.isEmpty()) {
      List<EmbeddedPrompt> all = List.copyOf(adapted.values());
      List<Completion> found =
          EmbeddedPrompt.run(model, all, (view, ids) -> view.generateIds(ids, settings));
      List<int[]> ids = all.stream().map(EmbeddedPrompt::ids).toList();
      put(List.copyOf(adapted.keySet()), ids, found, verdicts, replies);
    }
    return IntStream.range(0, verdicts.size())
        .mapToObj(i -> replies.getOrDefault(i, new Reply(refusal, verdicts.get(i), 0, null)))
        .toList();
  }

  private static void put(
      List<Integer> at,
      List<int[]> ids,
      List<Completion> found,
      List<Verdict> verdicts,
      Map<Integer, Reply> replies) {
    for (int k = 0; k < at.size(); k++) {
      Completion c = found.get(k);
      Verdict verdict = verdicts.get(at.get(k));
      replies.put(at.get(k), new Reply(c.text(), verdict, ids.get(k).length, c));
    }
  }

  /** Starts a conversation without a system message. */
  public Session open() {
    return new Session(null);
  }

  /** Starts a conversation with a system message. */
  public Session open(String systemText) {
    return new Session(systemText);
  }

  /**
   * @param kept embeddings of the system prompt as adapted earlier in the conversation; null if
   *     none
   */
  private Reply reply(
      Prompt conversation,
      Generation settings,
      float @Nullable [][] kept,
      Consumer<String> listener) {
    Verdict verdict = guard.requireVerdict(conversation);
    if (verdict.blocks()) {
      listener.accept(refusal);
      return new Reply(refusal, verdict, 0, null);
    }
    Prompt effective = conversation;
    EmbeddedPrompt embedded = null;
    if (verdict instanceof Verdict.Rewrite rewrite) {
      effective = rewrite.prompt();
      embedded = rewrite.embedded();
    }
    if (embedded == null) {
      int[] ids = model.tokenizer().encode(effective);
      return generate(model, ids, settings, verdict, listener);
    }
    if (kept != null) {
      embedded = EmbeddedPrompt.withSystem(model.tokenizer(), effective, kept);
    }
    try (LanguageModel view = model.withInputEmbeddings(embedded.rows())) {
      return generate(view, embedded.ids(), settings, verdict, listener);
    }
  }

  private static Reply generate(
      LanguageModel model,
      int[] ids,
      Generation settings,
      Verdict verdict,
      Consumer<String> listener) {
    Completion completion = model.generateIds(List.of(ids), settings, pieces(listener)).get(0);
    return new Reply(completion.text(), verdict, ids.length, completion);
  }

  private static Consumer<GeneratedToken> pieces(Consumer<String> listener) {
    return token -> {
      if (!token.text().isEmpty()) {
        listener.accept(token.text());
      }
    };
  }

  /**
   * One conversation, held turn by turn. If the guard adapts the system prompt, the first adapted
   * prompt is used for all later turns. A turn that is blocked or ends with an exception is not
   * added to the conversation. Not thread-safe.
   */
  public final class Session {
    private final @Nullable String systemText;
    private @Nullable Prompt conversation;
    private float @Nullable [][] system;

    private Session(@Nullable String systemText) {
      this.systemText = systemText;
    }

    /** Sends a user message and returns the reply. */
    public Reply send(String text) {
      return send(text, piece -> {});
    }

    /**
     * Sends a user message and streams the reply; see {@link GuardedChat#reply(Prompt, Consumer)}.
     */
    public Reply send(String text, Consumer<String> listener) {
      Prompt prompt = conversation == null ? first(text) : conversation.withUser(text);
      Reply reply = reply(prompt, settings, system, listener);
      if (reply.completion() != null) {
        conversation = prompt.withResponse(reply.text());
        if (system == null
            && reply.verdict() instanceof Verdict.Rewrite rewrite
            && rewrite.embedded() != null) {
          system = rewrite.embedded().rows();
        }
      }
      return reply;
    }

    private Prompt first(String text) {
      Prompt prompt = Prompt.user(text);
      return systemText == null ? prompt : prompt.withSystem(systemText);
    }
  }
}
