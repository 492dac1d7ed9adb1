package org.alignment4j.sysformer;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.Tuning.Unused;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.EncodedMessages;
import org.alignment4j.chat.EncodedMessages.TokenRange;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.sysformer.Targets.Target;

/** Encodes requests after a system prompt. */
final class RequestEncoder {
  private final ChatTokenizer tokenizer;
  private final String systemText;

  RequestEncoder(ChatTokenizer tokenizer, String systemText) {
    require(!systemText.isBlank(), "the system prompt is empty");
    this.tokenizer = tokenizer;
    this.systemText = systemText;
  }

  /** Returns the ids of a request with a response prefilled with {@code opening}. */
  int[] opened(Prompt prompt, String opening) {
    int[] ids = row(prompt, false).encoded().ids();
    if (opening.isEmpty()) {
      return ids;
    }
    int[] more = tokenizer.encodeText(opening);
    int[] all = Arrays.copyOf(ids, ids.length + more.length);
    System.arraycopy(more, 0, all, ids.length, more.length);
    return all;
  }

  /** Usable training rows with their prompts' indices, and the unusable prompts with the reason. */
  record Usable(List<GuardRow> rows, List<Integer> indices, List<Unused> unused) {}

  /**
   * Encodes training rows.
   *
   * @param targets the prompts' targets, in their order; empty to train without targets
   * @throws IllegalArgumentException if no harmful or no harmless prompt is usable; the message has
   *     the first reason
   */
  Usable usable(LanguageModel model, List<GuardPrompt> prompts, List<Target> targets) {
    List<GuardRow> rows = new ArrayList<>();
    List<Integer> indices = new ArrayList<>();
    List<Unused> unused = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      GuardPrompt p = prompts.get(i);
      Prompt whole = p.prompt();
      if (!targets.isEmpty()) {
        String text = targets.get(i).text();
        if (text == null) {
          unused.add(new Unused(i, targets.get(i).why()));
          continue;
        }
        whole = whole.withResponse(text);
      }
      GuardRow row = row(whole, p.harmful());
      int length = row.encoded().ids().length;
      if (length > model.longestSequence()) {
        unused.add(new Unused(i, length + " tokens, the context has " + model.longestSequence()));
      } else {
        rows.add(row);
        indices.add(i);
      }
    }
    for (boolean harmful : new boolean[] {true, false}) {
      require(
          rows.stream().anyMatch(r -> r.harmful() == harmful),
          "no %s prompt can be used; the first left out, %s: %s",
          harmful ? "harmful" : "harmless",
          unused.isEmpty() ? "" : unused.get(0).index(),
          unused.isEmpty() ? "" : unused.get(0).reason());
    }
    return new Usable(rows, indices, unused);
  }

  /**
   * @param prompt ending with a user message, or with the target of training
   */
  GuardRow row(Prompt prompt, boolean harmful) {
    Prompt whole = prompt.withSystem(systemText);
    EncodedMessages found = tokenizer.encodeMessages(whole);
    int[] ids = found.encoded().ids();
    List<Integer> text = new ArrayList<>();
    for (int i = 1; i < whole.messages().size(); i++) {
      if (whole.messages().get(i).role() == Role.USER) {
        TokenRange own = found.messages().get(i);
        IntStream.range(own.start(), own.end()).forEach(t -> text.add(ids[t]));
      }
    }
    if (text.isEmpty()) {
      // An empty message: the token before the response is used instead.
      text.add(ids[found.encoded().responseStart() - 1]);
    }
    return new GuardRow(
        found.encoded(),
        found.messages().get(0),
        text.stream().mapToInt(Integer::intValue).toArray(),
        harmful);
  }
}
