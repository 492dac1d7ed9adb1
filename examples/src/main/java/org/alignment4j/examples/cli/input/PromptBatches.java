package org.alignment4j.examples.cli.input;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.internal.tensor.LengthGroups;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Completion.GeneratedToken;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/**
 * Prompts of a file, tokenised for a model and processed in portions of similar length, which shows
 * progress and keeps padding small. Results are in the file's order.
 */
public final class PromptBatches {
  /** At least as large as the model's own batches, so that portions do not slow it down. */
  private static final int GENERATE_ROWS = 32;

  private static final int CAPTURE_ROWS = 128;

  private final LanguageModel model;
  private final List<PromptRow> rows;
  private final List<int[]> ids = new ArrayList<>();

  /**
   * @throws BadDataException if a prompt does not fit the model's context; the message names it
   */
  public PromptBatches(LanguageModel model, List<PromptRow> rows, @Nullable String system) {
    this.model = model;
    this.rows = rows;
    for (PromptRow row : rows) {
      Prompt prompt = Prompt.user(row.prompt());
      int[] own = model.tokenizer().encode(system == null ? prompt : prompt.withSystem(system));
      if (own.length >= model.config().contextLength()) {
        throw new BadDataException(
            "prompt "
                + row.id()
                + " has "
                + own.length
                + " tokens with its template; the model's context of "
                + model.config().contextLength()
                + " leaves no room for a response");
      }
      ids.add(own);
    }
  }

  public List<Completion> generate(Generation settings, ProgressListener progress) {
    return inPortions(
        "generate",
        GENERATE_ROWS,
        some ->
            model.generateIds(
                some.stream().map(ids::get).toList(),
                // A prompt's seed depends on its row in the file, not in its portion.
                settings.toBuilder().seeds(some.stream().map(settings::seedOf).toList()).build()),
        progress);
  }

  /** Generates the response to the only prompt, passing on tokens as they are generated. */
  public List<Completion> stream(Generation settings, Consumer<GeneratedToken> listener) {
    return model.generateIds(ids, settings, listener);
  }

  /** Returns the prompts without responses. */
  public List<Encoded> prompts() {
    return ids.stream().map(own -> new Encoded(own, own.length)).toList();
  }

  /** Returns each prompt with the model's own greedy response. */
  public List<Encoded> answered(Generation settings, ProgressListener progress) {
    List<Completion> answers = generate(settings, progress);
    return IntStream.range(0, rows.size())
        .mapToObj(
            i -> {
              int[] prompt = ids.get(i);
              int[] all =
                  IntStream.concat(
                          java.util.Arrays.stream(prompt),
                          java.util.Arrays.stream(answers.get(i).ids()))
                      .toArray();
              return new Encoded(all, prompt.length);
            })
        .toList();
  }

  /** Captures hidden states of the given sequences, one for each prompt. */
  public List<CapturedRows> capture(
      List<Encoded> sequences, org.alignment4j.model.Capture capture, ProgressListener progress) {
    return inPortions(
        "capture",
        CAPTURE_ROWS,
        some ->
            CapturedRows.of(
                model.captureIds(some.stream().map(sequences::get).toList(), capture), some.size()),
        progress);
  }

  private <R> List<R> inPortions(
      String task, int portion, Function<List<Integer>, List<R>> work, ProgressListener progress) {
    int[] lengths = ids.stream().mapToInt(own -> own.length).toArray();
    List<@Nullable R> results = new ArrayList<>(java.util.Collections.nCopies(rows.size(), null));
    int done = 0;
    for (List<Integer> some : LengthGroups.of(lengths, (n, longest, tokens) -> n <= portion)) {
      List<R> part = work.apply(some);
      for (int j = 0; j < some.size(); j++) {
        results.set(some.get(j), part.get(j));
      }
      done += some.size();
      progress.step(task, done, rows.size());
    }
    return results.stream().map(java.util.Objects::requireNonNull).toList();
  }
}
