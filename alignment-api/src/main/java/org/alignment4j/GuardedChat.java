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
 * A local model behind a guard. Thread-safe: many conversations at once over one model, each in a
 * {@link Session} of its own.
 */
public final class GuardedChat {
  private final LanguageModel model;
  private final PromptGuard guard;
  private final Generation settings;
  private final String refusal;

  /**
   * A chat; model and guard stay the caller's to close.
   *
   * @param refusal what is said in place of an answer to what the guard blocks
   */
  public GuardedChat(LanguageModel model, PromptGuard guard, Generation settings, String refusal) {
    this.model = model;
    this.guard = guard;
    this.settings = settings;
    this.refusal = refusal;
  }

  /**
   * What is said.
   *
   * @param text the answer, or the refusal
   * @param verdict the guard's
   * @param promptTokens tokens of the conversation that the model read; 0 if it was not asked
   * @param completion what the model generated; null if it was not asked
   */
  public record Reply(
      String text, Verdict verdict, int promptTokens, @Nullable Completion completion) {}

  /** The settings of answers for which there are no others. */
  public Generation settings() {
    return settings;
  }

  /** Answers one conversation that ends with a user message. */
  public Reply reply(Prompt conversation) {
    return reply(conversation, settings, text -> {});
  }

  /**
   * Answers one conversation, telling of the text as it comes.
   *
   * @param listener hears pieces of the answer in order, on this thread; all of a refusal at once
   */
  public Reply reply(Prompt conversation, Consumer<String> listener) {
    return reply(conversation, settings, listener);
  }

  /**
   * Answers one conversation with settings of its own; see {@link #reply(Prompt, Consumer)}.
   *
   * @throws IllegalArgumentException if the guard lets pass what leaves no room in the context
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public Reply reply(Prompt conversation, Generation settings, Consumer<String> listener) {
    return reply(conversation, settings, null, listener);
  }

  /**
   * Answers many conversations, in order, as batches: for scoring a set. What of one conversation
   * stands beside it changes neither verdict nor answer.
   */
  public List<Reply> replyAll(List<Prompt> conversations) {
    List<Verdict> verdicts = guard.decideAll(conversations);
    Map<Integer, int[]> plain = new LinkedHashMap<>();
    Map<Integer, EmbeddedPrompt> adapted = new LinkedHashMap<>();
    for (int i = 0; i < verdicts.size(); i++) {
      Verdict verdict = verdicts.get(i);
      Verdict.Rewrite rewrite = verdict instanceof Verdict.Rewrite r ? r : null;
      if (rewrite != null && rewrite.embedded() != null) {
        adapted.put(i, rewrite.embedded());
      } else if (!verdict.blocks()) {
        Prompt asked = rewrite == null ? conversations.get(i) : rewrite.prompt();
        plain.put(i, model.tokenizer().encode(asked));
      }
    }
    Map<Integer, Reply> answered = new HashMap<>();
    if (!plain.isEmpty()) {
      List<int[]> ids = List.copyOf(plain.values());
      put(List.copyOf(plain.keySet()), ids, model.generateIds(ids, settings), verdicts, answered);
    }
    if (!adapted.isEmpty()) {
      List<EmbeddedPrompt> all = List.copyOf(adapted.values());
      List<Completion> found =
          EmbeddedPrompt.run(model, all, (view, ids) -> view.generateIds(ids, settings));
      List<int[]> ids = all.stream().map(EmbeddedPrompt::ids).toList();
      put(List.copyOf(adapted.keySet()), ids, found, verdicts, answered);
    }
    return IntStream.range(0, verdicts.size())
        .mapToObj(i -> answered.getOrDefault(i, new Reply(refusal, verdicts.get(i), 0, null)))
        .toList();
  }

  private static void put(
      List<Integer> at,
      List<int[]> ids,
      List<Completion> found,
      List<Verdict> verdicts,
      Map<Integer, Reply> answered) {
    for (int k = 0; k < at.size(); k++) {
      Completion c = found.get(k);
      Verdict verdict = verdicts.get(at.get(k));
      answered.put(at.get(k), new Reply(c.text(), verdict, ids.get(k).length, c));
    }
  }

  /** A conversation that is held turn by turn. */
  public Session open() {
    return new Session(null);
  }

  /** A conversation that is held turn by turn under a system message. */
  public Session open(String systemText) {
    return new Session(systemText);
  }

  /**
   * @param kept an adapted system prompt from earlier in the conversation
   */
  private Reply reply(
      Prompt conversation,
      Generation settings,
      float @Nullable [][] kept,
      Consumer<String> listener) {
    Verdict verdict = guard.decide(conversation);
    if (verdict.blocks()) {
      listener.accept(refusal);
      return new Reply(refusal, verdict, 0, null);
    }
    Prompt asked = conversation;
    EmbeddedPrompt embedded = null;
    if (verdict instanceof Verdict.Rewrite rewrite) {
      asked = rewrite.prompt();
      embedded = rewrite.embedded();
    }
    if (embedded == null) {
      int[] ids = model.tokenizer().encode(asked);
      return answered(model, ids, settings, verdict, listener);
    }
    if (kept != null) {
      embedded = EmbeddedPrompt.withSystem(model.tokenizer(), asked, kept);
    }
    try (LanguageModel view = model.withInputEmbeddings(embedded.rows())) {
      return answered(view, embedded.ids(), settings, verdict, listener);
    }
  }

  private static Reply answered(
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
   * One conversation. Its first adapted system prompt is kept for all of its turns. A turn that is
   * blocked, or ends by an exception, leaves no trace in it. Belongs to one thread at a time.
   */
  public final class Session {
    private final @Nullable String systemText;
    private @Nullable Prompt said;
    private float @Nullable [][] system;

    private Session(@Nullable String systemText) {
      this.systemText = systemText;
    }

    /** Says something and gives the answer. */
    public Reply say(String text) {
      return say(text, piece -> {});
    }

    /** Says something; see {@link GuardedChat#reply(Prompt, Consumer)}. */
    public Reply say(String text, Consumer<String> listener) {
      Prompt asked = said == null ? first(text) : said.withUser(text);
      Reply reply = reply(asked, settings, system, listener);
      if (reply.completion() != null) {
        said = asked.withResponse(reply.text());
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
