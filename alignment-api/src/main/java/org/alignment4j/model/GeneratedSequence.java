package org.alignment4j.model;

import java.util.Arrays;
import java.util.Set;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.TextStream;
import org.alignment4j.model.Completion.Finish;
import org.alignment4j.model.Completion.GeneratedToken;
import org.jspecify.annotations.Nullable;

/**
 * The sequence generated for one prompt, token by token: decides when it ends and which text can be
 * released.
 */
final class GeneratedSequence {
  private final Generation settings;
  private final Set<Integer> ends;
  private final int limit;
  private final @Nullable ChatTokenizer tokenizer;

  /** The text so far; null if it is not needed before the end. */
  private final @Nullable TextStream stream;

  private final StopText text;
  private int[] ids = new int[16];
  private float[] logProbabilities;
  private int size;
  private @Nullable Finish finish;

  /**
   * @param ends the model's end tokens
   * @param limit maximum number of tokens
   * @param growing whether text is needed while it grows
   */
  GeneratedSequence(
      Generation settings,
      Set<Integer> ends,
      int limit,
      @Nullable ChatTokenizer tokenizer,
      boolean growing) {
    this.settings = settings;
    this.ends = ends;
    this.limit = limit;
    this.tokenizer = tokenizer;
    this.stream =
        tokenizer != null && (growing || !settings.stopStrings().isEmpty())
            ? tokenizer.stream()
            : null;
    this.text = new StopText(settings.stopStrings());
    this.logProbabilities = new float[settings.logProbabilities() ? ids.length : 0];
  }

  boolean done() {
    return finish != null;
  }

  /** Adds the next token and returns what a listener is called with. */
  GeneratedToken add(int sequence, int id, float logProbability) {
    boolean end = ends.contains(id);
    boolean ending = (end || settings.stopTokens().contains(id)) && size >= settings.minNewTokens();
    String more = "";
    if (ending) {
      finish = end ? Finish.END_OF_TURN : Finish.STOP;
    } else {
      keep(id, logProbability);
      more = stream == null ? "" : text.add(stream.next(id));
      if (size == limit) {
        finish = Finish.LENGTH;
      }
    }
    if (finish != null && stream != null) {
      more += text.add(stream.finish());
    }
    if (text.stopped()) {
      finish = Finish.STOP;
    } else if (finish != null) {
      more += text.finish();
    }
    return new GeneratedToken(sequence, id, more, logProbability, finish);
  }

  private void keep(int id, float logProbability) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, 2 * size);
      logProbabilities =
          settings.logProbabilities()
              ? Arrays.copyOf(logProbabilities, 2 * size)
              : logProbabilities;
    }
    ids[size] = id;
    if (settings.logProbabilities()) {
      logProbabilities[size] = logProbability;
    }
    size++;
  }

  Completion completion() {
    int[] all = Arrays.copyOf(ids, size);
    String whole = tokenizer == null ? "" : stream == null ? tokenizer.decode(all) : text.text();
    return new Completion(
        all,
        whole,
        finish == null ? Finish.LENGTH : finish,
        Arrays.copyOf(logProbabilities, settings.logProbabilities() ? size : 0));
  }
}
