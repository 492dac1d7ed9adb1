package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;

/**
 * A templated prompt and its possible continuations, each tokenised together with the prompt.
 *
 * @param shared tokens that all of them start with
 * @param rest the remaining tokens of each
 * @param starts number of tokens in each one's rest that belong to the prompt
 */
record ContinuedPrompt(int[] shared, List<int[]> rest, int[] starts) {

  /**
   * @throws IllegalArgumentException if a text changes the first token of the prompt
   */
  static ContinuedPrompt of(ChatTokenizer tokenizer, Prompt prompt, List<String> continuations) {
    int[] own = tokenizer.encode(prompt);
    List<int[]> whole =
        continuations.stream().map(c -> tokenizer.encode(continuing(prompt, c))).toList();
    int[] common = whole.stream().mapToInt(w -> commonLength(own, w)).toArray();
    int shared = Arrays.stream(common).min().orElse(own.length);
    require(shared > 0, "a continuation changes the first token of the prompt");
    return new ContinuedPrompt(
        Arrays.copyOf(own, shared),
        whole.stream().map(w -> Arrays.copyOfRange(w, shared, w.length)).toList(),
        Arrays.stream(common).map(n -> n - shared).toArray());
  }

  private static Prompt continuing(Prompt prompt, String text) {
    if (!prompt.endsWithResponse()) {
      return prompt.withResponse(text);
    }
    List<Message> messages = new ArrayList<>(prompt.messages());
    String open = messages.remove(messages.size() - 1).text();
    messages.add(Message.assistant(open + text));
    return new Prompt(messages);
  }

  private static int commonLength(int[] a, int[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  /** One score per continuation of each, over the tokens that are not part of the prompt. */
  static List<List<ContinuationScore>> scores(ForwardPass pass, List<ContinuedPrompt> prompts) {
    List<List<ContinuationScore>> scores =
        Scorer.scores(
            pass,
            prompts.stream().map(ContinuedPrompt::shared).toList(),
            prompts.stream().map(ContinuedPrompt::rest).toList());
    return IntStream.range(0, prompts.size())
        .mapToObj(i -> prompts.get(i).withoutPrompt(scores.get(i)))
        .toList();
  }

  private List<ContinuationScore> withoutPrompt(List<ContinuationScore> scores) {
    return IntStream.range(0, scores.size()).mapToObj(i -> scores.get(i).from(starts[i])).toList();
  }
}
