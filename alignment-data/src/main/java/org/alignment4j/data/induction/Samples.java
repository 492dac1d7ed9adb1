package org.alignment4j.data.induction;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.induction.Inducer.Induction;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;

/**
 * Samples several answers to one prompt.
 *
 * @param model the model that answers
 * @param sampling the sampling of each answer
 */
record Samples(ChatModel model, Sampling sampling) {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  /**
   * Samples the instructions of a text.
   *
   * @param inducer the inducer's name
   * @param requests the ledger that sends the requests
   * @param instruction extracts the instruction from an answer
   */
  List<Induction> draw(
      String inducer,
      Prompt prompt,
      int n,
      long seed,
      RequestLedger requests,
      UnaryOperator<String> instruction) {
    require(
        n >= 1 && n <= Inducer.MAX_SAMPLES,
        "instructions of a text must be 1 to %s, were %s",
        Inducer.MAX_SAMPLES,
        n);
    List<Induction> drawn = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      long own = seed(seed, i);
      StoredAnswer answer = requests.answer(model, ChatRequest.of(prompt, sampling, own));
      drawn.add(
          new Induction(
              instruction.apply(answer.answer().text()).strip(), i, own, inducer, List.of(answer)));
    }
    return drawn;
  }

  /**
   * Returns the seed of a text's i-th sample (SplitMix64): neither adjacent seeds nor adjacent
   * samples share one. At least 0, as some endpoints reject negative ones.
   */
  static long seed(long seed, int i) {
    return mix(mix(seed + GOLDEN) + GOLDEN * (i + 1L)) >>> 1;
  }

  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }
}
