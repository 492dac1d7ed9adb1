package org.alignment4j.data.moral;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Cancellation;
import org.alignment4j.data.request.ChatAnswer;
import org.alignment4j.data.request.ChatException;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.Requests;
import org.alignment4j.data.request.Sampling;

/** Reads answers by drawing some and counting what they name. */
final class SampledReader implements AnswerReader {
  private final ChatModel model;
  private final Requests requests;
  private final int samples;
  private final boolean prefill;

  SampledReader(ChatModel model, Requests requests, int samples, boolean prefill) {
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
    return questions.stream().map(this::read).toList();
  }

  private Reading read(Question question) {
    Prompt prompt = begun(question.prompt(), question.stem());
    Sampling sampling = Sampling.of(question.maxTokens(), 1, 1);
    int[] counts = new int[question.options().size()];
    int valid = 0;
    for (int s = 0; s < samples; s++) {
      Cancellation.check("reading answers");
      ChatAnswer answer;
      try {
        answer = ask(prompt, sampling, question.seed() + s);
      } catch (ChatException e) {
        if (e.kind() != ChatException.Kind.REQUEST) {
          throw e;
        }
        return Reading.none(Status.UNREADABLE, counts.length, 0);
      }
      OptionalInt named = OptionMatcher.match(question, answer.text());
      if (named.isPresent()) {
        counts[named.getAsInt()]++;
        valid++;
      }
    }
    if (valid == 0) {
      return Reading.none(Status.INVALID, counts.length, samples);
    }
    List<Double> chances = new ArrayList<>();
    for (int count : counts) {
      chances.add((double) count / valid);
    }
    return new Reading(Status.READ, chances, (double) valid / samples, samples, samples - valid);
  }

  @Override
  public List<String> reason(List<Question> questions) {
    List<String> texts = new ArrayList<>();
    for (Question q : questions) {
      Cancellation.check("reading answers");
      Chain chain = java.util.Objects.requireNonNull(q.chain(), "a question without a chain");
      try {
        Prompt prompt = begun(q.prompt(), chain.opening());
        String text = ask(prompt, Sampling.of(chain.maxTokens(), 1, 1), q.seed()).text();
        texts.add(prefill ? text : " " + text);
      } catch (ChatException e) {
        if (e.kind() != ChatException.Kind.REQUEST) {
          throw e;
        }
        texts.add("");
      }
    }
    return texts;
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
