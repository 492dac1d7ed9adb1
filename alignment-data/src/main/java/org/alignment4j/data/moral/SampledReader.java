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

/** Reads answers by drawing some and counting what they name. */
final class SampledReader implements AnswerReader {
  /** So many questions in a row without an answer, and the endpoint is taken for gone. */
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
        : List.of("The model goes on with no answer that was begun; the user's turn has the stem.");
  }

  @Override
  public List<Reading> read(List<Question> questions) {
    return questions.stream().map(q -> tried(q, this::read)).toList();
  }

  @Override
  public List<Reading> reasonAndRead(List<Question> questions) {
    return questions.stream().map(q -> tried(q, this::reasonAndRead)).toList();
  }

  /** A reading, or why there is none: what one request fails of is none of the others' business. */
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
    Prompt prompt = begun(question.prompt(), question.stem());
    Sampling sampling = Sampling.of(question.maxTokens(), 1, 1);
    int[] counts = new int[question.options().size()];
    int valid = 0;
    for (int s = 0; s < samples; s++) {
      Cancellation.check("reading answers");
      ChatAnswer answer = ask(prompt, sampling, question.seed() + s);
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
    Optional<String> thought = thought(question);
    return thought.isPresent()
        ? read(question.after(thought.get()))
        : Reading.none(Status.INVALID, question.options().size(), 0);
  }

  @Override
  public List<String> reason(List<Question> questions) {
    return questions.stream().map(q -> thought(q).orElse("")).toList();
  }

  /** What the model thinks; empty text for a request that is not taken, nothing if it was ended. */
  private Optional<String> thought(Question question) {
    Cancellation.check("reading answers");
    Chain chain = Objects.requireNonNull(question.chain(), "a question without a chain");
    try {
      Prompt prompt = begun(question.prompt(), chain.opening());
      ChatAnswer answer = ask(prompt, Sampling.of(chain.maxTokens(), 1, 1), question.seed());
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

  private ChatAnswer ask(Prompt prompt, Sampling sampling, long seed) {
    return requests.answer(model, ChatRequest.of(prompt, sampling, seed)).answer();
  }

  /** The prompt with the answer begun, or with how to begin it in the user's last message. */
  private Prompt begun(Prompt prompt, String stem) {
    if (prefill) {
      return prompt.withResponse(stem);
    }
    List<Message> messages = new ArrayList<>(prompt.messages());
    String asked = messages.remove(messages.size() - 1).text();
    messages.add(Message.user(asked + "\n\nBegin your answer with: " + stem));
    return new Prompt(messages);
  }
}
