package org.alignment4j.rahf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.Tuning.Unused;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceSettings.Instructions;
import org.alignment4j.rahf.PreferenceTuner.EncodedPair;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;

/**
 * Tokenised pairs, and the reasons why others cannot be used.
 *
 * @param pairs the usable pairs
 * @param unused the other pairs, with the reason
 */
record EncodedPairs(List<EncodedPair> pairs, List<Unused> unused) {
  /**
   * Tokenises pairs.
   *
   * @param instructions the good and the bad one, of SCIT and LoRRA; null for methods without
   */
  static EncodedPairs of(
      LanguageModel model, List<PreferencePair> pairs, @Nullable Instructions instructions) {
    List<EncodedPair> usable = new ArrayList<>();
    List<Unused> unused = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      PreferencePair p = pairs.get(i);
      String reason = textReason(p);
      if (reason.isEmpty()) {
        Tokens chosen = tokens(model, p.prompt(), p.chosen(), instructions);
        Tokens rejected = tokens(model, p.prompt(), p.rejected(), instructions);
        reason = chosen.reason(model);
        reason = reason.isEmpty() ? rejected.reason(model) : reason;
        if (reason.isEmpty()) {
          usable.add(new EncodedPair(chosen.response(), rejected.response()));
        }
      }
      if (!reason.isEmpty()) {
        unused.add(new Unused(i, reason));
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

  /** A tokenised response that may turn out to be unusable. */
  private record Tokens(Encoded plain, Encoded good, Encoded bad) {
    String reason(LanguageModel model) {
      int maxLength = model.config().contextLength();
      for (Encoded e : List.of(plain, good, bad)) {
        if (e.ids().length > maxLength) {
          return "prompt and response have " + e.ids().length + " tokens, the context " + maxLength;
        }
        if (!Arrays.equals(e.responseIds(), plain.responseIds())) {
          return "an instruction changes the response's tokens";
        }
      }
      return "";
    }

    EncodedPair.Response response() {
      return new EncodedPair.Response(plain, good, bad);
    }
  }

  private static Tokens tokens(
      LanguageModel model, Prompt prompt, String text, @Nullable Instructions instructions) {
    Encoded plain = encode(model, prompt, text);
    return instructions == null
        ? new Tokens(plain, plain, plain)
        : new Tokens(
            plain,
            encode(model, instructions.good(prompt), text),
            encode(model, instructions.bad(prompt), text));
  }

  private static Encoded encode(LanguageModel model, Prompt prompt, String text) {
    return model.tokenizer().encodeForTraining(prompt.withResponse(text));
  }
}
