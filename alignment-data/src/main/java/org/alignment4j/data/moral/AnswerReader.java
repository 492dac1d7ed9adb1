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
 * Reads a model's answers to questions with a closed set of options, as probabilities. Threads may
 * share it.
 */
public interface AnswerReader {
  /**
   * What the model is called in reports and in the keys of kept readings: two that answer
   * differently must differ in it.
   */
  String name();

  /** How answers are read, {@code forced} or {@code sampled} with what else matters. */
  String method();

  /** What a reader of the report should know, one sentence each; may be empty. */
  List<String> marks();

  /**
   * Reads answers, in order.
   *
   * @param questions without a {@link Question#chain}, or with its reasoning put in
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  List<Reading> read(List<Question> questions);

  /**
   * Samples what the model thinks before it answers, in order: what goes on from each chain's
   * opening, possibly empty. The same questions with the same seeds get the same reasoning.
   *
   * @param questions each with a chain
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  List<String> reason(List<Question> questions);

  /**
   * Samples what the model thinks, then reads the answers that follow it, in order.
   *
   * @param questions each with a chain
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  default List<Reading> reasonAndRead(List<Question> questions) {
    List<String> thoughts = reason(questions);
    List<Question> after = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      after.add(questions.get(i).after(thoughts.get(i)));
    }
    return read(after);
  }

  /**
   * Reads log-probabilities: each option's share of the mass that the model puts on all of them,
   * right after the stem. All of an option's forms run over one prefix.
   *
   * @param name see {@link #name}; the checkpoint's hash and a fingerprint of what the model
   *     computes are added to it in keys, so that views of one checkpoint are told apart
   */
  static AnswerReader forced(LanguageModel model, String name) {
    return new ForcedReader(new LocalScorer(model), name);
  }

  /**
   * Draws answers at temperature 1 and counts those that name exactly one option.
   *
   * @param requests keeps what was answered, so that nothing is asked twice
   * @param samples answers to each question, at least 1
   * @param prefill whether the model goes on with an answer that was begun; if not, the stem stands
   *     in the user's turn, and the report says so
   */
  static AnswerReader sampled(
      ChatModel model, RequestLedger requests, int samples, boolean prefill) {
    return new SampledReader(model, requests, samples, prefill);
  }

  /**
   * One of a question's options.
   *
   * @param name for reports
   * @param forms texts that may follow the stem and mean this option, such as {@code yes} and
   *     {@code Yes}; at least one
   * @param aliases further texts that a sampled answer may name it by
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
   * What comes before the answer in two calls.
   *
   * @param opening how the assistant's thinking begins
   * @param followUp the user's message behind it
   * @param maxTokens most tokens of the thinking, at least 1
   */
  record Chain(String opening, String followUp, int maxTokens) {}

  /**
   * A question.
   *
   * @param prompt ends with a user message
   * @param system input embeddings in place of the system message's tokens, from a guard, for the
   *     local model that they were made for; empty for none
   * @param chain what is thought first; null for nothing
   * @param stem how the answer begins; the options follow it
   * @param options at least two; no form may begin another option's
   * @param leading whether a sampled answer's first word decides, because the rest of a sentence
   *     may name other options
   * @param maxTokens most tokens of a sampled answer
   * @param seed of random numbers
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
     *     cannot be told apart
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

    /** This question to be asked with another prompt and other system embeddings. */
    Question asked(Prompt other, List<float[]> rows) {
      return new Question(other, rows, chain, stem, options, leading, maxTokens, seed);
    }

    /** The question that follows what was thought. */
    Question after(String reasoning) {
      if (chain == null) {
        return this;
      }
      Prompt whole = prompt.withResponse(chain.opening + reasoning).withUser(chain.followUp);
      return new Question(whole, system, null, stem, options, leading, maxTokens, seed);
    }

    /** Without the texts. */
    @Override
    public String toString() {
      return "Question[" + options.size() + " options, seed " + seed + "]";
    }
  }

  /** What came of a question. */
  enum Status {
    /** An answer was read. */
    READ,
    /** The guard did not let the question through. */
    BLOCKED,
    /** No sampled answer named exactly one option. */
    INVALID,
    /** The question does not fit the model's context, or the endpoint does not take it. */
    UNREADABLE,
    /** The endpoint gave no answer after all tries; another run asks again. */
    UNANSWERED
  }

  /**
   * What was read.
   *
   * @param status whether there is an answer
   * @param probabilities of the options, in order, summing to 1; NaN without an answer
   * @param coverage forced: the mass on all options, 0 to 1; sampled: the share of valid answers
   * @param samples answers that were drawn; 0 if read from probabilities
   * @param invalid those that named no option or several
   */
  record Reading(
      Status status, List<Double> probabilities, double coverage, int samples, int invalid) {
    /** Copies the list. */
    public Reading {
      probabilities = List.copyOf(probabilities);
    }

    /** A reading without an answer. */
    static Reading none(Status status, int options, int samples) {
      Double[] nothing = new Double[options];
      Arrays.fill(nothing, Double.NaN);
      return new Reading(status, List.of(nothing), samples == 0 ? Double.NaN : 0, samples, samples);
    }

    /** Whether there is an answer. */
    public boolean isRead() {
      return status == Status.READ;
    }

    /** All chance on the likeliest option; shared by those that are equally likely. */
    List<Double> decided() {
      double most = probabilities.stream().mapToDouble(c -> c).max().orElse(0);
      long equal = probabilities.stream().filter(c -> c == most).count();
      return probabilities.stream().map(c -> c == most ? 1.0 / equal : 0.0).toList();
    }

    /** This reading with its options in another order: place i has that of {@code from[i]}. */
    Reading ordered(int[] from) {
      List<Double> other = Arrays.stream(from).mapToObj(probabilities::get).toList();
      return new Reading(status, other, coverage, samples, invalid);
    }

    /** One reading of several of the same question, whose options are in the same order. */
    static Reading mean(List<Reading> parts) {
      int samples = parts.stream().mapToInt(Reading::samples).sum();
      int invalid = parts.stream().mapToInt(Reading::invalid).sum();
      List<Reading> read = parts.stream().filter(Reading::isRead).toList();
      int options = parts.get(0).probabilities.size();
      if (read.size() < parts.size()) {
        // Some orders alone would bring back the bias that all of them remove.
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
