package org.alignment4j.data.moral;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/**
 * Reads a model's answers to questions with a closed set of options, as probabilities. Thread-safe.
 */
public interface AnswerReader {
  /**
   * Returns the model's name in reports and in the keys of stored readings: models that answer
   * differently must have different names.
   */
  String name();

  /** Returns the method, {@code forced} or {@code sampled}, with its parameters. */
  String method();

  /** Returns notes for readers of the report, one sentence each; may be empty. */
  List<String> marks();

  /**
   * Reads answers, in order.
   *
   * @param questions without a {@link Question#chain}, or with its reasoning inserted
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  List<Reading> read(List<Question> questions);

  /**
   * Samples the model's reasoning before the answers, in order: the continuation of each chain's
   * opening, possibly empty. Equal questions with equal seeds get equal reasoning.
   *
   * @param questions each with a chain
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  List<String> reason(List<Question> questions);

  /**
   * Samples the model's reasoning, then reads the answers that follow it, in order.
   *
   * @param questions each with a chain
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  default List<Reading> reasonAndRead(List<Question> questions) {
    List<String> reasoning = reason(questions);
    List<Question> after = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      after.add(questions.get(i).after(reasoning.get(i)));
    }
    return read(after);
  }

  /**
   * Returns a reader of probabilities: each option's share of the probability mass on all options,
   * right after the stem. All of a question's forms are scored over one prefix.
   *
   * @param name see {@link #name}; the checkpoint's hash and a fingerprint of what the model
   *     computes are added to it in keys, to distinguish views of one checkpoint
   */
  static AnswerReader forced(LanguageModel model, String name) {
    return new ForcedReader(new LocalScorer(model), name);
  }

  /**
   * Returns a reader that samples answers at temperature 1 and counts those that name exactly one
   * option.
   *
   * @param requests the ledger that stores the answers, so that no request is sent twice
   * @param samples number of answers per question, at least 1
   * @param prefill whether the model continues a prefilled answer; if not, the stem is in the
   *     user's turn, and the report notes it
   */
  static AnswerReader sampled(
      ChatModel model, RequestLedger requests, int samples, boolean prefill) {
    return new SampledReader(model, requests, samples, prefill);
  }

  /**
   * One of a question's options.
   *
   * @param name the name in reports
   * @param forms texts that may follow the stem and mean this option, such as {@code yes} and
   *     {@code Yes}; at least one
   * @param aliases further texts by which a sampled answer may name it
   */
  record Option(String name, List<String> forms, List<String> aliases) {
    /** Copies the lists. */
    public Option {
      forms = List.copyOf(forms);
      aliases = List.copyOf(aliases);
      require(!forms.isEmpty(), "option %s has no form", name);
    }
  }

  /**
   * The reasoning that precedes the answer, which takes two calls.
   *
   * @param opening the start of the assistant's reasoning
   * @param followUp the user's message after it
   * @param maxTokens maximum number of tokens of the reasoning, at least 1
   */
  record Chain(String opening, String followUp, int maxTokens) {}

  /**
   * A question.
   *
   * @param prompt ends with a user message
   * @param system input embeddings in place of the system message's tokens, from a guard, for the
   *     local model that they were made for; empty for none
   * @param chain the reasoning before the answer; null for none
   * @param stem the start of the answer; the options follow it
   * @param options at least two; no form may be a prefix of another option's
   * @param leading whether a sampled answer's first word decides, because the rest of a sentence
   *     may name other options
   * @param maxTokens maximum number of tokens of a sampled answer
   * @param seed seed of random numbers
   */
  record Question(
      Prompt prompt,
      List<float[]> system,
      @Nullable Chain chain,
      String stem,
      List<Option> options,
      boolean leading,
      int maxTokens,
      long seed) {
    /**
     * @throws IllegalArgumentException if the prompt does not end with a user message or options
     *     cannot be distinguished
     */
    public Question {
      options = List.copyOf(options);
      system = List.copyOf(system);
      require(!prompt.endsWithResponse(), "a question must end with a user message");
      require(options.size() >= 2, "a question needs two options, has %s", options.size());
      for (int i = 0; i < options.size(); i++) {
        for (int j = 0; j < options.size(); j++) {
          List<String> others = options.get(j).forms;
          require(
              i == j
                  || options.get(i).forms.stream()
                      .noneMatch(f -> others.stream().anyMatch(f::startsWith)),
              "options %s and %s begin alike",
              i,
              j);
        }
      }
    }

    /** Returns this question with another prompt and other system embeddings. */
    Question withPrompt(Prompt other, List<float[]> rows) {
      return new Question(other, rows, chain, stem, options, leading, maxTokens, seed);
    }

    /** Returns the question that follows the reasoning. */
    Question after(String reasoning) {
      if (chain == null) {
        return this;
      }
      Prompt whole = prompt.withResponse(chain.opening + reasoning).withUser(chain.followUp);
      return new Question(whole, system, null, stem, options, leading, maxTokens, seed);
    }

    /** Returns the sizes only, without the texts. */
    @Override
    public String toString() {
      return "Question[" + options.size() + " options, seed " + seed + "]";
    }
  }

  /** The outcome of a question. */
  enum Status {
    /** An answer was read. */
    READ,
    /** The guard blocked the question. */
    BLOCKED,
    /** No sampled answer named exactly one option. */
    INVALID,
    /** The question does not fit the model's context, or the endpoint rejects it. */
    UNREADABLE,
    /** The endpoint returned no answer after all attempts; another run sends it again. */
    UNANSWERED
  }

  /**
   * The probabilities that were read from the answers to a question.
   *
   * @param status whether there is an answer
   * @param probabilities of the options, in order, summing to 1; NaN without an answer
   * @param coverage forced: the mass on all options, 0 to 1; sampled: the share of valid answers
   * @param samples number of sampled answers; 0 if read from probabilities
   * @param invalid number of those that named no option or several
   */
  record Reading(
      Status status, List<Double> probabilities, double coverage, int samples, int invalid) {
    /** Copies the list. */
    public Reading {
      probabilities = List.copyOf(probabilities);
    }

    /** Returns a reading without an answer. */
    static Reading none(Status status, int options, int samples) {
      Double[] nothing = new Double[options];
      Arrays.fill(nothing, Double.NaN);
      return new Reading(status, List.of(nothing), samples == 0 ? Double.NaN : 0, samples, samples);
    }

    /** Whether there is an answer. */
    public boolean isRead() {
      return status == Status.READ;
    }

    /** Returns all probability on the likeliest option, shared by those that are equally likely. */
    List<Double> decided() {
      double max = probabilities.stream().mapToDouble(c -> c).max().orElse(0);
      long equal = probabilities.stream().filter(c -> c == max).count();
      return probabilities.stream().map(c -> c == max ? 1.0 / equal : 0.0).toList();
    }

    /**
     * Returns this reading with its options in another order: index i has that of {@code from[i]}.
     */
    Reading ordered(int[] from) {
      List<Double> other = Arrays.stream(from).mapToObj(probabilities::get).toList();
      return new Reading(status, other, coverage, samples, invalid);
    }

    /** Returns the mean of several readings of a question, with their options in the same order. */
    static Reading mean(List<Reading> parts) {
      int samples = parts.stream().mapToInt(Reading::samples).sum();
      int invalid = parts.stream().mapToInt(Reading::invalid).sum();
      List<Reading> read = parts.stream().filter(Reading::isRead).toList();
      int options = parts.get(0).probabilities.size();
      if (read.size() < parts.size()) {
        // A subset of the orders would keep the position bias that all of them remove.
        Status worst = parts.stream().map(Reading::status).max(Enum::compareTo).orElseThrow();
        Reading none = none(worst, options, 0);
        return new Reading(worst, none.probabilities, none.coverage, samples, invalid);
      }
      Double[] probabilities = new Double[options];
      for (int i = 0; i < options; i++) {
        int option = i;
        probabilities[i] =
            read.stream().mapToDouble(r -> r.probabilities.get(option)).average().orElseThrow();
      }
      double coverage = read.stream().mapToDouble(Reading::coverage).average().orElseThrow();
      return new Reading(Status.READ, List.of(probabilities), coverage, samples, invalid);
    }
  }
}
