package org.alignment4j.rahf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
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
 * @param chosen the responses of pairs that have no other, if the method can use such
 * @param rejected the same of the other side
 * @param unused the other pairs, with the reason
 */
record EncodedPairs(
    List<EncodedPair> pairs, List<Encoded> chosen, List<Encoded> rejected, List<Unused> unused) {
  EncodedPairs(List<EncodedPair> pairs) {
    this(pairs, List.of(), List.of(), List.of());
  }

  /** The number of pairs, those with one response too. */
  int size() {
    return pairs.size() + chosen.size() + rejected.size();
  }

  /** All chosen responses, without an instruction. */
  List<Encoded> allChosen() {
    return Stream.concat(pairs.stream().map(p -> p.chosen().plain()), chosen.stream()).toList();
  }

  /** All rejected responses, without an instruction. */
  List<Encoded> allRejected() {
    return Stream.concat(pairs.stream().map(p -> p.rejected().plain()), rejected.stream()).toList();
  }

  /** Tokenises pairs of which one response may be empty. */
  static EncodedPairs ofEither(LanguageModel model, List<PreferencePair> pairs) {
    List<EncodedPair> both = new ArrayList<>();
    List<Encoded> chosen = new ArrayList<>();
    List<Encoded> rejected = new ArrayList<>();
    List<Unused> unused = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      PreferencePair p = pairs.get(i);
      boolean keeps = !p.chosen().isBlank();
      boolean breaks = !p.rejected().isBlank();
      String reason =
          !keeps && !breaks
              ? "both responses are empty"
              : p.chosen().equals(p.rejected()) ? "the responses are equal" : "";
      if (reason.isEmpty()) {
        Tokens good = tokens(model, p.prompt(), keeps ? p.chosen() : p.rejected(), null);
        Tokens bad = tokens(model, p.prompt(), breaks ? p.rejected() : p.chosen(), null);
        reason = good.reason(model);
        reason = reason.isEmpty() ? bad.reason(model) : reason;
        if (reason.isEmpty() && keeps && breaks) {
          both.add(new EncodedPair(good.response(), bad.response()));
        } else if (reason.isEmpty()) {
          (keeps ? chosen : rejected).add(good.plain());
        }
      }
      if (!reason.isEmpty()) {
        unused.add(new Unused(i, reason));
      }
    }
    return new EncodedPairs(both, chosen, rejected, unused);
  }

  /** Tokenises the chosen responses only; the others may be empty or anything else. */
  static EncodedPairs ofChosen(LanguageModel model, List<PreferencePair> pairs) {
    List<Encoded> chosen = new ArrayList<>();
    List<Unused> unused = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      PreferencePair p = pairs.get(i);
      String reason = "the chosen response is empty";
      if (!p.chosen().isBlank()) {
        Tokens tokens = tokens(model, p.prompt(), p.chosen(), null);
        reason = tokens.reason(model);
        if (reason.isEmpty()) {
          chosen.add(tokens.plain());
        }
      }
      if (!reason.isEmpty()) {
        unused.add(new Unused(i, reason));
      }
    }
    return new EncodedPairs(List.of(), chosen, List.of(), unused);
  }

  /**
   * Tokenises pairs.
   *
   * @param instructions the good and the bad one, of SCIT, LoRRA and HIR; null for methods without
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
    return new EncodedPairs(usable, List.of(), List.of(), unused);
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
