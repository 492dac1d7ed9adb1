package org.alignment4j;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Completion;
import org.alignment4j.model.EmbeddedPrompt;
import org.alignment4j.model.GeneratedToken;
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
    List<Verdict> verdicts = guard.checkAll(conversations);
    List<Integer> plain = new ArrayList<>();
    List<Prompt> texts = new ArrayList<>();
    List<Integer> adapted = new ArrayList<>();
    List<EmbeddedPrompt> embedded = new ArrayList<>();
    for (int i = 0; i < verdicts.size(); i++) {
      Verdict verdict = verdicts.get(i);
      Verdict.Rewrite rewrite = verdict instanceof Verdict.Rewrite r ? r : null;
      if (rewrite != null && rewrite.embedded() != null) {
        adapted.add(i);
        embedded.add(rewrite.embedded());
      } else if (!verdict.blocks()) {
        plain.add(i);
        texts.add(rewrite == null ? conversations.get(i) : rewrite.prompt());
      }
    }
    Map<Integer, Completion> completions = new HashMap<>();
    if (!texts.isEmpty()) {
      put(plain, model.generate(texts, settings), completions);
    }
    if (!embedded.isEmpty()) {
      List<Completion> found =
          EmbeddedPrompt.run(model, embedded, (view, ids) -> view.generateIds(ids, settings));
      put(adapted, found, completions);
    }
    List<Reply> replies = new ArrayList<>();
    for (int i = 0; i < verdicts.size(); i++) {
      Completion completion = completions.get(i);
      String text = completion == null ? refusal : completion.text();
      replies.add(new Reply(text, verdicts.get(i), completion));
    }
    return replies;
  }

  private static void put(
      List<Integer> at, List<Completion> found, Map<Integer, Completion> completions) {
    for (int i = 0; i < found.size(); i++) {
      completions.put(at.get(i), found.get(i));
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
    Verdict verdict = guard.check(conversation);
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
