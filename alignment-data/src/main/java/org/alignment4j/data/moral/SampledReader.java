package org.alignment4j.data.moral;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.request.ChatException;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.internal.host.Cancellation;

/** Reads answers by sampling some and counting the options that they name. */
final class SampledReader implements AnswerReader {
  /** After this many unanswered questions in a row, the endpoint is considered unavailable. */
  private static final int HOPELESS = 25;

  private final AtomicInteger unansweredInARow = new AtomicInteger();
  private final ChatModel model;
  private final RequestLedger requests;
  private final int samples;
  private final boolean prefill;

  SampledReader(ChatModel model, RequestLedger requests, int samples, boolean prefill) {
    require(samples >= 1, "samples must be at least 1, was %s", samples);
    this.model = model;
    this.requests = requests;
    this.samples = samples;
    this.prefill = prefill;
  }

  @Override
  public String name() {
    return model.name();
  }

  @Override
  public String method() {
    return "sampled " + samples + (prefill ? " begun" : " asked");
  }

  @Override
  public List<String> marks() {
    return prefill
        ? List.of()
        : List.of(
            "The model does not continue a prefilled answer; the user's turn contains the stem.");
  }

  @Override
  public List<Reading> read(List<Question> questions) {
    return questions.stream().map(q -> tried(q, this::read)).toList();
  }

  @Override
  public List<Reading> reasonAndRead(List<Question> questions) {
    return questions.stream().map(q -> tried(q, this::reasonAndRead)).toList();
  }

  /**
   * Returns a reading, or the status why there is none: a rejected request does not fail the
   * others.
   */
  private Reading tried(Question question, Function<Question, Reading> how) {
    try {
      Reading reading = how.apply(question);
      unansweredInARow.set(0);
      return reading;
    } catch (ChatException e) {
      Status status =
          switch (e.kind()) {
            case CONFIGURATION -> throw e;
            case REQUEST -> Status.UNREADABLE;
            case TRANSIENT -> Status.UNANSWERED;
          };
      if (status == Status.UNANSWERED && unansweredInARow.incrementAndGet() >= HOPELESS) {
        throw e;
      }
      return Reading.none(status, question.options().size(), 0);
    }
  }

  private Reading read(Question question) {
    Prompt prompt = prefilled(question.prompt(), question.stem());
    Sampling sampling = Sampling.of(question.maxTokens(), 1, 1);
    int[] counts = new int[question.options().size()];
    int valid = 0;
    for (int s = 0; s < samples; s++) {
      Cancellation.check("reading answers");
      ChatAnswer answer = send(prompt, sampling, question.seed() + s);
      OptionalInt named =
          answer.usable() ? OptionMatcher.match(question, answer.text()) : OptionalInt.empty();
      if (named.isPresent()) {
        counts[named.getAsInt()]++;
        valid++;
      }
    }
    if (valid == 0) {
      return Reading.none(Status.INVALID, counts.length, samples);
    }
    List<Double> probabilities = new ArrayList<>();
    for (int count : counts) {
      probabilities.add((double) count / valid);
    }
    return new Reading(
        Status.READ, probabilities, (double) valid / samples, samples, samples - valid);
  }

  private Reading reasonAndRead(Question question) {
    Optional<String> reasoning = sampledReasoning(question);
    return reasoning.isPresent()
        ? read(question.after(reasoning.get()))
        : Reading.none(Status.INVALID, question.options().size(), 0);
  }

  @Override
  public List<String> reason(List<Question> questions) {
    return questions.stream().map(q -> sampledReasoning(q).orElse("")).toList();
  }

  /**
   * Samples the model's reasoning; an empty text if the request is rejected, no value if the
   * endpoint did not complete the answer.
   */
  private Optional<String> sampledReasoning(Question question) {
    Cancellation.check("reading answers");
    Chain chain = Objects.requireNonNull(question.chain(), "a question without a chain");
    try {
      Prompt prompt = prefilled(question.prompt(), chain.opening());
      ChatAnswer answer = send(prompt, Sampling.of(chain.maxTokens(), 1, 1), question.seed());
      return answer.usable()
          ? Optional.of(prefill ? answer.text() : " " + answer.text())
          : Optional.empty();
    } catch (ChatException e) {
      if (e.kind() != ChatException.Kind.REQUEST) {
        throw e;
      }
      return Optional.of("");
    }
  }

  private ChatAnswer send(Prompt prompt, Sampling sampling, long seed) {
    return requests.answer(model, ChatRequest.of(prompt, sampling, seed)).answer();
  }

  /**
   * Returns the prompt with the answer prefilled, or with its start quoted in the user's last
   * message.
   */
  private Prompt prefilled(Prompt prompt, String stem) {
    if (prefill) {
      return prompt.withResponse(stem);
    }
    List<Message> messages = new ArrayList<>(prompt.messages());
    String message = messages.remove(messages.size() - 1).text();
    messages.add(Message.user(message + "\n\nBegin your answer with: " + stem));
    return new Prompt(messages);
  }
}
