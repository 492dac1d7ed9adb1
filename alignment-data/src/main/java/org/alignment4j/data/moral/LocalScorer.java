package org.alignment4j.data.moral;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.EncodedMessages;
import org.alignment4j.chat.EncodedMessages.TokenRange;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.moral.AnswerReader.Chain;
import org.alignment4j.data.moral.AnswerReader.Question;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.Completion;
import org.alignment4j.model.ContinuationScore;
import org.alignment4j.model.EmbeddedPrompt;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;

/** Scores continuations with a local model, all of a question over one prefix. */
final class LocalScorer implements ContinuationScorer {
  /** Reasoning is skipped if there is room for fewer tokens than this. */
  private static final int LEAST_ROOM = 16;

  private final LanguageModel model;
  private final String fingerprint;

  LocalScorer(LanguageModel model) {
    this.model = model;
    this.fingerprint = fingerprint(model);
  }

  /**
   * Returns the checkpoint's hash and a few probabilities that the view computes, to five digits.
   */
  private static String fingerprint(LanguageModel model) {
    StringBuilder numbers = new StringBuilder();
    for (ContinuationScore s :
        model.score(Prompt.user("Who is it?"), List.of("The answer is (a).", "Yes, she is."))) {
      for (float p : s.logProbabilities()) {
        numbers.append(String.format(Locale.ROOT, "%.5g ", p));
      }
    }
    return Hashes.sha256(List.of(model.hash(), numbers.toString())).substring(0, 16);
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public List<String> marks() {
    return model.tokenizer().hasChatTemplate()
        ? List.of()
        : List.of("The model has no chat template; a plain one was used.");
  }

  @Override
  public List<double[]> score(List<Question> questions, List<List<String>> continuations) {
    double[][] logs = new double[questions.size()][];
    List<Integer> plain = new ArrayList<>();
    List<Asked> asked = new ArrayList<>();
    for (int i = 0; i < logs.length; i++) {
      Question question = questions.get(i);
      List<int[]> whole =
          continuations.get(i).stream().map(c -> encoded(question, question.stem() + c)).toList();
      int longest = whole.stream().mapToInt(ids -> ids.length).max().orElse(0);
      if (longest > model.longestSequence()) {
        logs[i] = new double[0];
        continue;
      }
      Asked one = Asked.of(whole, given(encoded(question, question.stem()), whole));
      if (question.system().isEmpty()) {
        plain.add(i);
        asked.add(one);
      } else {
        logs[i] = one.logs(with(question.system(), view -> view.scoreIds(one.start, one.rest)));
      }
    }
    List<List<ContinuationScore>> scores =
        model.scoreIds(
            asked.stream().map(Asked::start).toList(), asked.stream().map(Asked::rest).toList());
    for (int k = 0; k < scores.size(); k++) {
      logs[plain.get(k)] = asked.get(k).logs(scores.get(k));
    }
    return List.of(logs);
  }

  /**
   * A question's tokens.
   *
   * @param start those that are given
   * @param rest those of each continuation
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record Asked(int[] start, List<int[]> rest) {
    static Asked of(List<int[]> whole, int given) {
      return new Asked(
          Arrays.copyOf(whole.get(0), given),
          whole.stream().map(ids -> Arrays.copyOfRange(ids, given, ids.length)).toList());
    }

    double[] logs(List<ContinuationScore> scores) {
      double[] logs = new double[scores.size()];
      Set<List<Integer>> seen = new HashSet<>();
      for (int i = 0; i < logs.length; i++) {
        boolean fresh = seen.add(Arrays.stream(rest.get(i)).boxed().toList());
        logs[i] = fresh ? scores.get(i).sum() : Double.NEGATIVE_INFINITY;
      }
      return logs;
    }
  }

  /**
   * Returns the number of conditioning tokens: the prefix that all continuations share with the
   * stem, the same for all of them, so that their scores are comparable. If one continuation merges
   * with the stem's last token, that token is scored for all. If all of them replace the stem's
   * last token, as with a space after the word, the tokens before it are given.
   */
  private static int given(int[] stem, List<int[]> whole) {
    int shared = whole.stream().mapToInt(ids -> shared(stem, ids)).min().orElse(0);
    if (shared == stem.length) {
      return shared;
    }
    int common = whole.stream().mapToInt(ids -> shared(whole.get(0), ids)).min().orElse(0);
    int shortest = whole.stream().mapToInt(ids -> ids.length).min().orElse(1);
    return Math.max(shared, Math.min(stem.length, Math.min(common, shortest - 1)));
  }

  private static int shared(int[] a, int[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  /** Returns the tokens of a question with a prefilled, unfinished answer. */
  private int[] encoded(Question question, String prefilled) {
    return encoded(question.prompt().withResponse(prefilled), question.system());
  }

  private int[] encoded(Prompt open, List<float[]> system) {
    ChatTokenizer tokenizer = model.tokenizer();
    if (system.isEmpty()) {
      return tokenizer.encode(open);
    }
    int[] ids = EmbeddedPrompt.withSystem(tokenizer, open, system.toArray(float[][]::new)).ids();
    EncodedMessages encoded = tokenizer.encodeMessages(open);
    TokenRange last = encoded.messages().get(encoded.messages().size() - 1);
    return Arrays.copyOf(ids, last.end());
  }

  private <R> R with(List<float[]> system, Function<LanguageModel, R> call) {
    if (system.isEmpty()) {
      return call.apply(model);
    }
    try (LanguageModel view = model.withInputEmbeddings(system.toArray(float[][]::new))) {
      return call.apply(view);
    }
  }

  @Override
  public List<String> generate(List<Question> questions) {
    String[] texts = new String[questions.size()];
    Arrays.fill(texts, "");
    Map<Integer, int[]> plain = new HashMap<>();
    for (int i = 0; i < texts.length; i++) {
      Question q = questions.get(i);
      int[] ids = opened(q);
      int room = room(q);
      if (room < LEAST_ROOM) {
        continue; // the question that follows may fit, or will be reported as unreadable
      }
      if (q.system().isEmpty()) {
        plain.put(i, ids);
      } else {
        texts[i] =
            with(
                q.system(),
                view -> text(view.generateIds(List.of(ids), settings(List.of(q))).get(0), q));
      }
    }
    if (!plain.isEmpty()) {
      List<Integer> at = plain.keySet().stream().sorted().toList();
      List<Question> plainQuestions = at.stream().map(questions::get).toList();
      List<Completion> found =
          model.generateIds(at.stream().map(plain::get).toList(), settings(plainQuestions));
      for (int k = 0; k < found.size(); k++) {
        texts[at.get(k)] = text(found.get(k), plainQuestions.get(k));
      }
    }
    return List.of(texts);
  }

  private int[] opened(Question q) {
    return encoded(q.prompt().withResponse(chain(q).opening()), q.system());
  }

  private static Chain chain(Question q) {
    return java.util.Objects.requireNonNull(q.chain(), "a question without a chain");
  }

  private static Generation settings(List<Question> questions) {
    int maxTokens = questions.stream().mapToInt(q -> chain(q).maxTokens()).max().orElse(1);
    return Generation.builder(maxTokens)
        .temperature(1)
        .seeds(questions.stream().map(Question::seed).toList())
        .build();
  }

  /**
   * Returns the maximum number of reasoning tokens that leave room for the question that follows.
   */
  private int room(Question q) {
    return Math.min(chain(q).maxTokens(), model.longestSequence() - longest(q.after("")));
  }

  /** Returns the number of tokens of a question with the longest of its forms. */
  private int longest(Question question) {
    return question.options().stream()
        .flatMap(option -> option.forms().stream())
        .mapToInt(form -> encoded(question, question.stem() + form).length)
        .max()
        .orElse(0);
  }

  /**
   * Returns the part of the reasoning that fits before the question that follows. Encoding its text
   * may yield more tokens than were generated, as a text has more than one encoding.
   */
  private String text(Completion completion, Question q) {
    int[] ids = completion.ids();
    int kept = Math.min(ids.length, room(q));
    String text =
        kept == ids.length ? completion.text() : model.tokenizer().decode(Arrays.copyOf(ids, kept));
    while (kept > 0 && longest(q.after(text)) > model.longestSequence()) {
      kept = kept * 7 / 8;
      text = model.tokenizer().decode(Arrays.copyOf(ids, kept));
    }
    return text;
  }
}
