package org.alignment4j.rahf;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceTuning.Unused;
import org.alignment4j.tune.PreferencePair;

/**
 * Pairs as a method reads them; those that cannot be learned from are named with the reason.
 *
 * @param pairs usable ones
 * @param unused the others
 */
record EncodedPairs(List<Pair> pairs, List<Unused> unused) {
  /** One response, plain and under the two instructions; null where there are none. */
  record Response(Encoded plain, Encoded good, Encoded bad) {}

  /** Both responses of a pair. */
  record Pair(Response chosen, Response rejected) {}

  /**
   * Tokenises.
   *
   * @param instructions of SCIT and LoRRA, used if {@code instructed}
   */
  static EncodedPairs of(
      LanguageModel model,
      List<PreferencePair> pairs,
      Instructions instructions,
      boolean instructed) {
    List<Pair> usable = new ArrayList<>();
    List<Unused> unused = new ArrayList<>();
    UnaryOperator<Prompt> good = instructed ? instructions::good : UnaryOperator.identity();
    UnaryOperator<Prompt> bad = instructed ? instructions::bad : UnaryOperator.identity();
    for (PreferencePair p : pairs) {
      String reason = textReason(p);
      if (reason.isEmpty()) {
        Pair pair =
            new Pair(
                response(model, p.prompt(), p.chosen(), good, bad),
                response(model, p.prompt(), p.rejected(), good, bad));
        reason = tokenReason(model, pair);
        if (reason.isEmpty()) {
          usable.add(pair);
        }
      }
      if (!reason.isEmpty()) {
        unused.add(new Unused(p.id(), reason));
      }
    }
    return new EncodedPairs(usable, unused);
  }

  private static String textReason(PreferencePair p) {
    if (p.chosen().isBlank()) {
      return "the chosen response is empty";
    }
    if (p.rejected().isBlank()) {
      return "the rejected response is empty";
    }
    return p.chosen().equals(p.rejected()) ? "the responses are equal" : "";
  }

  private static Response response(
      LanguageModel model,
      Prompt prompt,
      String text,
      UnaryOperator<Prompt> good,
      UnaryOperator<Prompt> bad) {
    return new Response(
        encode(model, prompt, text),
        encode(model, good.apply(prompt), text),
        encode(model, bad.apply(prompt), text));
  }

  private static Encoded encode(LanguageModel model, Prompt prompt, String text) {
    return model.tokenizer().encodeForTraining(prompt.withResponse(text));
  }

  private static String tokenReason(LanguageModel model, Pair pair) {
    int most = model.config().contextLength();
    for (Response r : List.of(pair.chosen, pair.rejected)) {
      for (Encoded e : List.of(r.plain, r.good, r.bad)) {
        if (e.ids().length > most) {
          return "prompt and response have " + e.ids().length + " tokens, the context " + most;
        }
        if (!java.util.Arrays.equals(Responses.ids(e), Responses.ids(r.plain))) {
          return "the response has other tokens under an instruction";
        }
      }
    }
    return "";
  }
}
