package org.alignment4j.evaluation;

import static org.alignment4j.evaluation.RefusalJudge.RefusalVerdict.EMPTY;
import static org.alignment4j.evaluation.RefusalJudge.RefusalVerdict.FULL_COMPLIANCE;
import static org.alignment4j.evaluation.RefusalJudge.RefusalVerdict.FULL_REFUSAL;
import static org.alignment4j.evaluation.RefusalJudge.RefusalVerdict.NEITHER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.GuardReplies.Reply;
import org.alignment4j.evaluation.ModelJudge.GuardTemplate;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.text.PromptTemplate;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.testing.ByteTokenizer;
import org.alignment4j.testing.RandomChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Judges that have learned a word of the answer, and one that has learned nothing. */
class GuardJudgeTests {
  private static final List<String> WORDS = List.of("run", "jump", "walk", "sing", "read", "cook");
  private static final String LETTERS = "say {prompt} : {response}";
  private static final Map<String, RefusalVerdict> MEANING =
      Map.of("A", FULL_COMPLIANCE, "C", FULL_REFUSAL, "D", NEITHER);

  /** A guard's own question about a conversation. */
  private static final String GUARD =
      "<|im_start|>user\nsafe or unsafe ?\n{% for m in messages %}{{ m['role'] }} :"
          + " {{ m['content'] }}\n{% endfor %}<|im_end|>\n<|im_start|>assistant\n{{ '' }}";

  @TempDir static Path folder;
  private static LanguageModel untaught;
  private static LanguageModel letters;
  private static LanguageModel guard;

  @BeforeAll
  static void load() throws IOException {
    untaught = LanguageModel.load(start("plain"));
    Path plain = start("letters");
    letters = LanguageModel.load(RandomChatModel.teach(plain, GuardJudgeTests::lessons, 8, 20));
    Path asking = start("guard");
    Files.writeString(asking.resolve("chat_template.jinja"), GUARD);
    Path taught = RandomChatModel.teach(asking, GuardJudgeTests::guardLessons, 8, 20);
    Files.writeString(taught.resolve("chat_template.jinja"), GUARD);
    guard = LanguageModel.load(taught);
  }

  private static Path start(String name) throws IOException {
    List<String> words = new ArrayList<>(WORDS);
    words.addAll(List.of("please", "now", "say", "safe", "unsafe", "user", "assistant", "cannot"));
    words.addAll(List.of("Safety", "Categories", "Refusal", "None", "Safe", "Unsafe", "Yes", "No"));
    words.addAll(List.of("Harmful", "request", "Response", "refusal", "yes", "no", "help", "I"));
    return RandomChatModel.write(Files.createDirectory(folder.resolve(name)), words);
  }

  @AfterAll
  static void close() {
    untaught.close();
    letters.close();
    guard.close();
  }

  private static String word(Random random) {
    return WORDS.get(random.nextInt(WORDS.size()));
  }

  /** "please" complies, "now" refuses, neither is neither. */
  private static List<Encoded> lessons(LanguageModel model) {
    Random random = new Random(3);
    List<Encoded> rows = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      int kind = random.nextInt(3);
      String text =
          LETTERS
              .replace("{prompt}", word(random))
              .replace("{response}", word(random) + List.of(" please", " now", "").get(kind));
      rows.add(
          model
              .tokenizer()
              .encodeForTraining(Prompt.user(text).withResponse(List.of("A", "C", "D").get(kind))));
    }
    return rows;
  }

  /** "please" is unsafe, whatever comes before it. */
  private static List<Encoded> guardLessons(LanguageModel model) {
    Random random = new Random(4);
    List<Encoded> rows = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      boolean safe = random.nextBoolean();
      String answer =
          (random.nextBoolean() ? "I cannot help. " : "")
              + word(random)
              + (safe ? " now" : " please");
      Prompt conversation = Prompt.user(word(random)).withResponse(answer);
      int[] own = model.tokenizer().encode(conversation, false);
      int[] ids = model.tokenizer().encode(conversation, false, safe ? "safe" : "unsafe");
      rows.add(new Encoded(ids, own.length));
    }
    return rows;
  }

  @Test
  void aJudgeThatCanTellFindsThePlantedVerdicts() {
    RefusalJudge judge = ModelJudge.refusals(letters, GuardTemplate.of(LETTERS, MEANING));
    Random random = new Random(9);
    int right = 0;
    for (int i = 0; i < 30; i++) {
      right += judge.judge(word(random), word(random) + " please") == FULL_COMPLIANCE ? 1 : 0;
      right += judge.judge(word(random), word(random) + " now") == FULL_REFUSAL ? 1 : 0;
      right += judge.judge(word(random), word(random)) == NEITHER ? 1 : 0;
    }
    assertTrue(right >= 81, right + " of 90");
    assertEquals(EMPTY, judge.judge("run", " ...\n"));
  }

  @Test
  void harmfulAnswersComplyAndPhrasesDecideOnTheOthers() {
    RefusalJudge judge = ModelJudge.refusals(guard, GuardTemplate.LLAMA_GUARD_3);
    Random random = new Random(9);
    int right = 0;
    for (int i = 0; i < 20; i++) {
      String some = word(random);
      right += judge.judge(some, "I cannot help. " + some + " please") == FULL_COMPLIANCE ? 1 : 0;
      right += judge.judge(some, "I cannot help. " + some + " now") == FULL_REFUSAL ? 1 : 0;
      right += judge.judge(some, some + " now") == FULL_COMPLIANCE ? 1 : 0;
    }
    assertTrue(right >= 54, right + " of 60");
    assertEquals(EMPTY, judge.judge("run", ""));
  }

  /** Computed by another path: log-probabilities of whole sequences, not of continuations. */
  @Test
  void theVerdictIsTheOneWhoseRepliesAreMostProbableTogether() {
    Random random = new Random(1);
    for (List<Reply> replies : List.of(GuardReplies.qwen3Guard(), GuardReplies.wildGuard())) {
      GuardQuestion question = new GuardQuestion("", null, null, "", null, replies);
      for (int i = 0; i < 6; i++) {
        String prompt = word(random);
        String answer = word(random) + (i % 2 == 0 ? " now" : "");
        double[] logs = logProbabilities(guard, question, prompt, answer);
        double largest = Arrays.stream(logs).max().orElseThrow();
        Map<RefusalVerdict, Double> sums = new EnumMap<>(RefusalVerdict.class);
        for (int r = 0; r < logs.length; r++) {
          sums.merge(
              Objects.requireNonNull(replies.get(r).verdict()),
              Math.exp(logs[r] - largest),
              Double::sum);
        }
        RefusalVerdict verdict = new GuardJudge(guard, question).judge(prompt, answer);
        // The two paths round differently, by about 1e-5 nats of 90: of verdicts that are as
        // probable
        // but for that either may be found.
        assertEquals(
            Collections.max(sums.values()), sums.getOrDefault(verdict, 0.0), 5e-5, sums::toString);
      }
    }
  }

  @Test
  void severalRepliesOutweighASingleMoreProbableOne() {
    List<String> letters = List.of("A", "B", "C", "D", "E", "F");
    PromptTemplate text = PromptTemplate.of(LETTERS, "prompt", "response");
    double[] logs =
        logProbabilities(
            untaught,
            GuardQuestion.ofText(
                null, text, letters.stream().map(s -> new Reply(s, NEITHER)).toList()),
            "run",
            "jump");
    int best = 0;
    for (int i = 1; i < logs.length; i++) {
      best = logs[i] > logs[best] ? i : best;
    }
    List<Reply> replies = new ArrayList<>();
    for (int i = 0; i < logs.length; i++) {
      replies.add(new Reply(letters.get(i), i == best ? FULL_COMPLIANCE : FULL_REFUSAL));
    }
    GuardQuestion question = GuardQuestion.ofText(null, text, replies);
    assertEquals(FULL_REFUSAL, new GuardJudge(untaught, question).judge("run", "jump"));
    Reply second = replies.get(best == 0 ? 1 : 0);
    GuardQuestion two = GuardQuestion.ofText(null, text, List.of(replies.get(best), second));
    assertEquals(FULL_COMPLIANCE, new GuardJudge(untaught, two).judge("run", "jump"));
  }

  private static double[] logProbabilities(
      LanguageModel model, GuardQuestion question, String prompt, String answer) {
    Prompt asked = question.about(prompt, answer);
    boolean start = question.needsGenerationPrompt();
    int own = model.tokenizer().encode(asked, start).length;
    return model.logProbabilities(
        question.replies().stream()
            .map(r -> new Encoded(model.tokenizer().encode(asked, start, r.text()), own))
            .toList());
  }

  @Test
  void aModelThatAsksSomethingElseIsRejected() {
    for (GuardTemplate template :
        List.of(GuardTemplate.LLAMA_GUARD_3, GuardTemplate.QWEN3_GUARD, GuardTemplate.WILD_GUARD)) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> ModelJudge.refusals(untaught, template));
      assertTrue(String.valueOf(e.getMessage()).contains("is not that of"), e.getMessage());
    }
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ModelJudge.refusals(guard, GuardTemplate.WILD_GUARD));
    assertTrue(String.valueOf(e.getMessage()).contains("WildGuard"), e.getMessage());
  }

  @Test
  void aChatTemplateThatOmitsTheAnswerIsRejected() throws IOException {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                check(
                    GuardTemplate.LLAMA_GUARD_3.question(),
                    "<|im_start|>safe or unsafe? {{ messages[0]['content'] }}<|im_end|>"));
    assertTrue(String.valueOf(e.getMessage()).contains("does not show prompt"), e.getMessage());
  }

  @Test
  void aPublishedChatTemplateIsKnownByItsHash() throws IOException {
    String text = "<|user|>\nWhat is {prompt} or {response}?\n<|assistant|>\n";
    String published =
        Hashes.sha256(
            List.of(text.replace("{prompt}", "1st probe").replace("{response}", "2nd probe")));
    GuardQuestion question =
        GuardQuestion.ofPublishedChatTemplate(
            "it", "<|user|>", published, GuardReplies.wildGuard());
    check(question, jinja(text));
    for (String other :
        List.of(text.replace("What", "who"), text.strip(), text.replace("\n<|a", "<|a"))) {
      assertThrows(IllegalArgumentException.class, () -> check(question, jinja(other)));
    }
  }

  /** As docs/refusal-judge.md makes a chat template of a published prompt. */
  static String jinja(String published) {
    String body =
        published
            .strip()
            .replace("{prompt}", "{{ messages[0]['content'] }}")
            .replace("{response}", "{{ messages[1]['content'] if messages | length > 1 else '' }}");
    return "{{ bos_token }}" + body + (published.endsWith("\n") ? "{{ '\\n' }}" : "");
  }

  static void check(GuardQuestion question, String chatTemplate) throws IOException {
    Path model = Files.createTempDirectory(folder, "tokenizer");
    ByteTokenizer.write(model, ByteTokenizer.bytes());
    Files.writeString(model.resolve("chat_template.jinja"), chatTemplate);
    try (ChatTokenizer tokenizer = ChatTokenizer.load(model)) {
      question.check(tokenizer);
    }
  }

  @Test
  void aPublishedRubricIsKnownByItsHash() {
    String published = Hashes.sha256(List.of("Be fair.", "{forbidden_prompt}\n{response}"));
    GuardTemplate.strongReject(" Be fair.\n", "{forbidden_prompt}\r\n{response}\n", published);
    assertThrows(
        IllegalArgumentException.class,
        () -> GuardTemplate.strongReject("Be fair.", "{forbidden_prompt} {response}", published));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> GuardTemplate.strongReject("Be fair.", "{forbidden_prompt} {response}"));
    assertTrue(String.valueOf(e.getMessage()).contains("not the published"), e.getMessage());
  }

  @Test
  void textsAreFilledInAsTheyAre() {
    Prompt asked = GuardTemplate.FOUR_CLASSES.question().about("{response} $1", "{prompt} \\");
    String text = asked.last().text();
    assertTrue(text.contains("[Request]\n{response} $1\n") && text.contains("{prompt} \\"), text);
    for (Reply reply : GuardReplies.fourClasses()) {
      assertTrue(text.contains("\n" + reply.text() + ": "), text);
    }
  }

  @Test
  void unusableQuestionsAreRejected() {
    for (String text : List.of("{prompt}", "{response}", "")) {
      assertThrows(IllegalArgumentException.class, () -> GuardTemplate.of(text, MEANING));
    }
    for (Map<String, RefusalVerdict> replies :
        List.of(
            Map.<String, RefusalVerdict>of(),
            Map.of("A", FULL_REFUSAL),
            Map.of("A", FULL_REFUSAL, "B", FULL_REFUSAL),
            Map.of("A", FULL_REFUSAL, " ", FULL_COMPLIANCE),
            Map.of("A", FULL_REFUSAL, "A bit", FULL_COMPLIANCE),
            Map.of("A", FULL_REFUSAL, "B", EMPTY))) {
      assertThrows(IllegalArgumentException.class, () -> GuardTemplate.of(LETTERS, replies));
    }
  }

  @Test
  void answersTogetherAreJudgedAsEachByItself() {
    RefusalJudge judge = ModelJudge.refusals(letters, GuardTemplate.of(LETTERS, MEANING));
    Random random = new Random(4);
    List<String> prompts = new ArrayList<>();
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      prompts.add(word(random) + " " + word(random));
      answers.add(
          List.of(word(random) + " please", word(random) + " now", word(random), " ")
              .get(random.nextInt(4)));
    }
    List<RefusalVerdict> together = judge.judgeAll(prompts, answers);
    List<RefusalVerdict> alone = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      alone.add(judge.judge(prompts.get(i), answers.get(i)));
    }
    assertEquals(alone, together);
    assertTrue(alone.containsAll(List.of(EMPTY, FULL_COMPLIANCE, FULL_REFUSAL)), alone.toString());
    assertEquals(List.of(), judge.judgeAll(List.of(), List.of()));
    assertThrows(IllegalArgumentException.class, () -> judge.judgeAll(prompts, List.of()));
  }

  @Test
  void anAnswerBeyondTheContextIsRejected() {
    RefusalJudge judge = ModelJudge.refusals(letters, GuardTemplate.of(LETTERS, MEANING));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> judge.judge("run", "jump ".repeat(200)));
    assertTrue(String.valueOf(e.getMessage()).contains("context of 128"), e.getMessage());
  }
}
