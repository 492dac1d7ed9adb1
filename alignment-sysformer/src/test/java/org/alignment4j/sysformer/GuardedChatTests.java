package org.alignment4j.sysformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.GuardedChat;
import org.alignment4j.PromptGuard;
import org.alignment4j.PromptGuard.OnFailure;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.EmbeddedPrompt;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.sysformer.SysformerTuner.GuardPrompt;
import org.alignment4j.testing.RandomChatModel;
import org.alignment4j.train.TrainingSettings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chats behind guards, on a random model. */
class GuardedChatTests {
  private static final Generation SHORT = Generation.greedy(6);
  private static final PromptGuard OPEN = c -> new Verdict.Allow(0, "fine", Duration.ZERO);

  /** Blocks what says "steal". */
  private static final PromptGuard STRICT =
      c ->
          c.last().text().contains("steal")
              ? new Verdict.Block(1, "theft", Duration.ZERO)
              : new Verdict.Allow(0, "fine", Duration.ZERO);

  @TempDir static Path folder;
  private static LanguageModel model;
  private static SysformerGuard guard;

  @BeforeAll
  static void load() throws IOException {
    List<String> words = List.of("bake", "steal", "bread", "run", "song", "sorry", "sure", "user");
    model = LanguageModel.load(RandomChatModel.write(folder, words));
    SysformerSettings settings =
        SysformerSettings.builder()
            .systemText("run run run")
            .refusal("sorry")
            .affirmation("sure")
            .training(TrainingSettings.builder().epochs(20).learningRate(1e-2).build())
            .build();
    List<GuardPrompt> prompts =
        List.of(GuardPrompt.harmful("steal bread"), GuardPrompt.harmless("bake bread"));
    guard =
        new SysformerGuard(
            model,
            new SysformerTuner(settings).tune(model, prompts, ProgressListener.NONE).adapter());
  }

  @AfterAll
  static void close() {
    guard.close();
    model.close();
  }

  private static GuardedChat chat(PromptGuard of) {
    return new GuardedChat(model, of, SHORT, "No.");
  }

  @Test
  void whatIsAllowedIsAnsweredAsWithoutAGuard() {
    Prompt asked = Prompt.user("bake bread");
    List<String> pieces = new ArrayList<>();
    GuardedChat.Reply reply = chat(OPEN).reply(asked, pieces::add);
    assertEquals(model.generate(List.of(asked), SHORT).get(0).text(), reply.text());
    assertEquals(reply.text(), String.join("", pieces));
  }

  @Test
  void whatIsBlockedIsRefusedAndForgotten() {
    GuardedChat.Session session = chat(STRICT).open();
    GuardedChat.Reply blocked = session.send("steal bread");
    assertEquals("No.", blocked.text());
    assertTrue(blocked.verdict().blocks());
    assertNull(blocked.completion());
    assertEquals(chat(STRICT).open().send("bake bread").text(), session.send("bake bread").text());
  }

  @Test
  void nothingIsAnsweredWithoutAVerdict() {
    Prompt asked = Prompt.user("bake bread");
    PromptGuard silent = c -> none();
    List<String> pieces = new ArrayList<>();
    assertThrows(AlignmentException.class, () -> chat(silent).reply(asked, pieces::add));
    assertThrows(AlignmentException.class, () -> chat(silent).replyAll(List.of(asked, asked)));
    assertThrows(AlignmentException.class, () -> chat(silent).open().send("bake", pieces::add));
    assertEquals(List.of(), pieces);
    PromptGuard closed = silent.within(Duration.ofMinutes(1), OnFailure.BLOCK);
    assertEquals("No.", chat(closed).reply(asked).text());
    assertEquals("No.", chat(closed).replyAll(List.of(asked)).get(0).text());
    assertEquals("No.", chat(closed).open().send("bake bread").text());
    PromptGuard open = silent.within(Duration.ofMinutes(1), OnFailure.ALLOW);
    assertEquals(chat(OPEN).reply(asked).text(), chat(open).open().send("bake bread").text());
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T none() {
    return null;
  }

  @Test
  void anAdaptedSystemPromptAnswers() {
    Prompt asked = Prompt.user("bake bread");
    assertEquals(
        guard.generate(List.of(asked), SHORT).get(0), chat(guard).reply(asked).completion());
  }

  @Test
  void aRequestMayHaveSettingsOfItsOwn() {
    Prompt asked = Prompt.user("bake bread");
    Generation two = chat(OPEN).settings().toBuilder().maxNewTokens(2).build();
    GuardedChat.Reply open = chat(OPEN).reply(asked, two, piece -> {});
    assertEquals(model.generate(List.of(asked), two).get(0), open.completion());
    assertEquals(model.tokenizer().encode(asked).length, open.promptTokens());
    GuardedChat.Reply adapted = chat(guard).reply(asked, two, piece -> {});
    assertEquals(guard.generate(List.of(asked), two).get(0), adapted.completion());
    assertEquals(guard.adapt(List.of(asked)).get(0).ids().length, adapted.promptTokens());
    assertEquals(0, chat(STRICT).reply(Prompt.user("steal bread")).promptTokens());
  }

  @Test
  void aConversationKeepsItsFirstSystemPrompt() {
    GuardedChat.Session session = chat(guard).open();
    String first = session.send("bake bread").text();
    GuardedChat.Reply second = session.send("steal a song");
    Prompt asked =
        Prompt.of(
                Message.user("bake bread"), Message.assistant(first), Message.user("steal a song"))
            .withSystem("run run run");
    float[][] rows = guard.adapt(List.of(Prompt.user("bake bread"))).get(0).rows();
    EmbeddedPrompt expected = EmbeddedPrompt.withSystem(model.tokenizer(), asked, rows);
    try (LanguageModel view = model.withInputEmbeddings(rows)) {
      assertEquals(view.generateIds(List.of(expected.ids()), SHORT).get(0), second.completion());
    }
  }

  /** As a batch: blocked, allowed and adapted ones together. */
  @Test
  void manyAreAnsweredAsEachAlone() {
    PromptGuard some =
        c -> c.last().text().contains("run") ? STRICT.check(c) : STRICT.then(guard).check(c);
    List<Prompt> asked =
        List.of(
            Prompt.user("bake bread"),
            Prompt.user("steal bread"),
            Prompt.user("run"),
            Prompt.user("sing a longer song"),
            Prompt.user("run and steal"));
    GuardedChat chat = chat(some);
    List<GuardedChat.Reply> all = chat.replyAll(asked);
    for (int i = 0; i < asked.size(); i++) {
      GuardedChat.Reply alone = chat.reply(asked.get(i));
      assertEquals(alone.text(), all.get(i).text());
      assertEquals(alone.completion(), all.get(i).completion());
      assertEquals(alone.verdict().blocks(), all.get(i).verdict().blocks());
    }
    assertEquals(List.of(), chat.replyAll(List.of()));
  }

  /** Gemma's template has no system role: the text stands at the head of the user's message. */
  @Test
  void aTemplateWithoutSystemMessagesIsGuarded(@TempDir Path other) throws IOException {
    List<String> words = List.of("bake", "steal", "bread", "run", "sorry", "sure");
    RandomChatModel.write(other, words);
    String template =
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported')"
            + " }}{% endif %}{% for m in messages %}{{ '<|im_start|>' + m['role'] + ': ' +"
            + " m['content'] + '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{"
            + " '<|im_start|>assistant: ' }}{% endif %}";
    Files.writeString(
        other.resolve("tokenizer_config.json"),
        new Gson().toJson(Map.of("eos_token", "<|im_end|>", "chat_template", template)));
    try (LanguageModel without = LanguageModel.load(other)) {
      Prompt asked = Prompt.user("bake bread");
      assertThrows(
          IllegalArgumentException.class,
          () -> without.tokenizer().encode(asked.withSystem("run run")));
      SysformerSettings settings = SysformerSettings.builder().systemText("run run").build();
      Sysformer start = new SysformerTuner(settings).initial(without);
      try (SysformerGuard headed = new SysformerGuard(without, start)) {
        assertArrayEquals(
            without.nextTokenLogits(List.of(Prompt.user("run run\n\nbake bread")))[0],
            headed.nextTokenLogits(List.of(asked))[0],
            1e-5f);
        GuardedChat.Session session = new GuardedChat(without, headed, SHORT, "No.").open();
        session.send("bake bread");
        assertFalse(session.send("run").verdict().blocks());
      }
    }
  }
}
