package org.alignment4j.data.moral;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import org.alignment4j.data.moral.AnswerReader.Question;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.synthesis.ModelUsage;

/** Models whose answers are known, for checking scores by hand. */
final class Scripted {
  private Scripted() {}

  /**
   * A model that is read from probabilities.
   *
   * @param probabilities of a continuation, given the question
   */
  static Scorer scorer(ToDoubleBiFunction<Question, String> probabilities) {
    return new Scorer(probabilities);
  }

  /** See {@link #scorer}. */
  static final class Scorer implements ContinuationScorer {
    private final ToDoubleBiFunction<Question, String> probabilities;
    final AtomicInteger read = new AtomicInteger();
    final List<Question> reasoned = new ArrayList<>();

    private Scorer(ToDoubleBiFunction<Question, String> probabilities) {
      this.probabilities = probabilities;
    }

    AnswerReader reader() {
      return new ForcedReader(this, "scripted");
    }

    @Override
    public String fingerprint() {
      return "0";
    }

    @Override
    public List<String> marks() {
      return List.of();
    }

    @Override
    public List<double[]> score(List<Question> questions, List<List<String>> continuations) {
      List<double[]> all = new ArrayList<>();
      for (int i = 0; i < questions.size(); i++) {
        Question q = questions.get(i);
        read.incrementAndGet();
        all.add(
            continuations.get(i).stream()
                .mapToDouble(c -> Math.log(probabilities.applyAsDouble(q, c)))
                .toArray());
      }
      return all;
    }

    @Override
    public synchronized List<String> generate(List<Question> questions) {
      reasoned.addAll(questions);
      return questions.stream().map(q -> " I thought about it " + q.seed() + ".").toList();
    }
  }

  /** A chat model that gives each conversation its answers in turn, the first again at the end. */
  static final class Chat implements ChatModel {
    private final Function<ChatRequest, List<String>> answers;
    private final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();
    final AtomicInteger calls = new AtomicInteger();

    Chat(Function<ChatRequest, List<String>> answers) {
      this.answers = answers;
    }

    @Override
    public String name() {
      return "scripted chat";
    }

    @Override
    public ChatAnswer answer(ChatRequest request) {
      calls.incrementAndGet();
      List<String> all = answers.apply(request);
      int turn =
          asked.computeIfAbsent(request.promptHash(), h -> new AtomicInteger()).getAndIncrement();
      return new ChatAnswer(all.get(turn % all.size()), ChatAnswer.Finish.STOP, 1, 1);
    }
  }

  /** A store of answers in memory. */
  static final class Memory implements RequestLedger {
    private final Map<String, ChatAnswer> stored = new HashMap<>();

    @Override
    public synchronized StoredAnswer answer(ChatModel model, ChatRequest request) {
      boolean there = stored.containsKey(request.key(model));
      ChatAnswer answer = stored.computeIfAbsent(request.key(model), key -> model.answer(request));
      return new StoredAnswer(
          answer, model.name(), request.promptHash(), BigDecimal.ZERO, "", there);
    }

    @Override
    public List<ModelUsage> usage() {
      return List.of();
    }
  }

  /** The number of the option that a continuation is a form of. */
  static int option(Question question, String continuation) {
    for (int i = 0; i < question.options().size(); i++) {
      if (question.options().get(i).forms().contains(continuation)) {
        return i;
      }
    }
    throw new IllegalArgumentException("no option");
  }

  /** Chances by option, each spread over its forms. */
  static Scorer byOption(BiFunction<Question, Integer, Double> probabilities) {
    return scorer(
        (q, c) -> {
          int option = option(q, c);
          return probabilities.apply(q, option) / q.options().get(option).forms().size();
        });
  }
}
