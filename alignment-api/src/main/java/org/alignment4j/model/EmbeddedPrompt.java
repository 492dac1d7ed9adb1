package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.EncodedMessages;
import org.alignment4j.chat.EncodedMessages.TokenRange;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;

/**
 * A prompt in which some tokens are input embeddings. Its ids run on a view made by {@link
 * LanguageModel#withInputEmbeddings} of its rows. The arrays are not copied: do not modify them.
 *
 * @param ids token ids [T]; the negative id -1 - j denotes row j
 * @param rows input embeddings [N, D], at least one
 */
public record EmbeddedPrompt(int[] ids, float[][] rows) {
  /**
   * @throws IllegalArgumentException if there are no ids or no rows, or an id denotes no row
   */
  public EmbeddedPrompt {
    require(ids.length > 0 && rows.length > 0, "%s ids, %s rows", ids.length, rows.length);
    for (int i = 0; i < ids.length; i++) {
      require(ids[i] >= -rows.length, "id %s at %s of %s rows", ids[i], i, rows.length);
    }
  }

  /**
   * Encodes a conversation, replacing the tokens of its system message by input embeddings.
   *
   * @param prompt with a system message
   * @param rows one embedding per token of the system message's text [n, D]
   * @throws IllegalArgumentException if the prompt has no system message, or the number of its
   *     tokens differs from the number of rows
   */
  public static EmbeddedPrompt withSystem(ChatTokenizer tokenizer, Prompt prompt, float[][] rows) {
    require(prompt.messages().get(0).role() == Role.SYSTEM, "the prompt has no system message");
    EncodedMessages encoded = tokenizer.encodeMessages(prompt);
    TokenRange system = encoded.messages().get(0);
    require(
        system.length() == rows.length,
        "%s embeddings for a system message of %s tokens",
        rows.length,
        system.length());
    int[] ids = encoded.encoded().ids();
    for (int i = 0; i < rows.length; i++) {
      ids[system.start() + i] = -1 - i;
    }
    return new EmbeddedPrompt(ids, rows);
  }

  /**
   * Runs several prompts as one batch: {@code call} receives a view of the model with the rows of
   * all of them, and each prompt's ids in that view. The view is closed afterwards.
   *
   * @param prompts at least one
   * @throws IllegalArgumentException if there are no prompts, or a row's width is not the model's
   */
  public static <R> R run(
      LanguageModel model,
      List<EmbeddedPrompt> prompts,
      BiFunction<LanguageModel, List<int[]>, R> call) {
    require(!prompts.isEmpty(), "no prompts");
    List<float[]> rows = new ArrayList<>();
    List<int[]> ids = new ArrayList<>();
    for (EmbeddedPrompt p : prompts) {
      int first = rows.size();
      ids.add(Arrays.stream(p.ids).map(id -> id < 0 ? id - first : id).toArray());
      rows.addAll(Arrays.asList(p.rows));
    }
    try (LanguageModel view = model.withInputEmbeddings(rows.toArray(float[][]::new))) {
      return call.apply(view, ids);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EmbeddedPrompt o
        && Arrays.equals(ids, o.ids)
        && Arrays.deepEquals(rows, o.rows);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return "EmbeddedPrompt[" + ids.length + " tokens, " + rows.length + " of them embeddings]";
  }
}
