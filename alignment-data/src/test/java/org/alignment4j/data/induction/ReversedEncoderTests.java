package org.alignment4j.data.induction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.data.induction.ReversedInstructionTuner.ReversedTuning.Drop;
import org.alignment4j.model.LanguageModel;

class ReversedEncoderTests {
  private static final String BEFORE =
      "Below is a response that somebody gave to an instruction. Write the instruction.\n\n"
          + "### Response:\n";
  private static final String AFTER = "\n\n### Instruction:";

  private static Path folder;
  private static LanguageModel model;

  @BeforeContainer
  static void load() throws IOException {
    folder = Files.createTempDirectory("encoder");
    model = LanguageModel.load(InstructionTask.writeRandom(folder));
  }

  @AfterContainer
  static void close() throws IOException {
    model.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static ChatTokenizer tokenizer() {
    return model.tokenizer();
  }

  private static int end() {
    return tokenizer().vocabularySize() - 1;
  }

  private static InstructionSplit.Row row(String instruction, String response) {
    return new InstructionSplit.Row("a", instruction, response);
  }

  private static Encoded usable(ReversedEncoder encoder, String instruction, String response) {
    return encoder.encode(row(instruction, response)).row().orElseThrow().row();
  }

  private static int[] target(String instruction) {
    int[] ids = tokenizer().encodeText(instruction);
    int[] ended = Arrays.copyOf(ids, ids.length + 1);
    ended[ids.length] = end();
    return ended;
  }

  @Example
  void aRowIsTheTemplateWithTheResponseThenTheInstructionAndTheEndToken() {
    Encoded found =
        usable(
            new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 128),
            " say run and jump\n",
            "well run\n");
    int[] ids = found.ids();
    assertEquals(BEFORE + "well run" + AFTER, tokenizer().decode(prompt(found)));
    assertArrayEquals(target("say run and jump"), found.responseIds());
    assertEquals(end(), ids[ids.length - 1]);
    assertEquals(5, found.predictedLength());
  }

  private static int[] prompt(Encoded row) {
    return Arrays.copyOf(row.ids(), row.responseStart());
  }

  @Example
  void aLongResponseLosesItsEndWhereCuttingTheRowWouldLeaveNoLoss() {
    String response = "well run then jump ".repeat(300).strip();
    ReversedEncoder encoder =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 96);
    int[] uncut = tokenizer().encodeText(BEFORE + response + AFTER);
    // What a trainer that cuts rows at their right end makes of it: the instruction is gone.
    assertTrue(uncut.length > 96);
    assertEquals(0, Math.max(0, 96 - uncut.length));
    ReversedEncoder.Row found =
        encoder.encode(row("say run and jump please", response)).row().orElseThrow();
    assertTrue(found.cut());
    assertArrayEquals(target("say run and jump please"), found.row().responseIds());
    assertEquals(96, found.row().ids().length, "each word is a token, so no place is left");
    String text = tokenizer().decode(prompt(found.row()));
    assertTrue(text.startsWith(BEFORE + "well run then jump well"), text);
    assertTrue(text.endsWith(AFTER), text);
  }

  @Example
  void whatHasTooLittleToLearnOrNoRoomForItsResponseIsDroppedWithTheReason() {
    ReversedEncoder encoder =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 96);
    int template = tokenizer().encodeText(BEFORE + AFTER).length;
    assertDropped(Drop.BLANK_RESPONSE, encoder, "say run and jump", " \n");
    assertDropped(Drop.SHORT_INSTRUCTION, encoder, " ", "well run");
    // Two words and the end token are three.
    assertDropped(Drop.SHORT_INSTRUCTION, encoder, "say run", "well run");
    assertEquals(4, usable(encoder, "say run and", "well run").predictedLength());
    // 16 tokens must be left of a long response.
    String most = "say" + " run".repeat(96 - template - 16 - 2);
    String longResponse = "well" + " run".repeat(99);
    Encoded full = usable(encoder, most, longResponse);
    assertEquals(96, full.ids().length);
    assertArrayEquals(target(most), full.responseIds());
    assertDropped(Drop.LONG_INSTRUCTION, encoder, most + " run", longResponse);
    // A shorter response has to be whole.
    assertEquals(96, usable(encoder, most + " run".repeat(14), "well run").ids().length);
    assertDropped(Drop.LONG_INSTRUCTION, encoder, most + " run".repeat(15), "well run");
    assertDropped(Drop.LONG_INSTRUCTION, encoder, "run ".repeat(500), "well run");
  }

  private static void assertDropped(
      Drop reason, ReversedEncoder encoder, String instruction, String response) {
    ReversedEncoder.Result found = encoder.encode(row(instruction, response));
    assertEquals(Optional.of(reason), found.dropped());
    assertEquals(Optional.empty(), found.row());
  }

  @Example
  void aModelWithAShortContextHasShorterRows() {
    ReversedEncoder encoder =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 512);
    assertEquals(128, encoder.maxTokens());
    assertEquals(128, usable(encoder, "say run and jump", "run ".repeat(600)).ids().length);
  }

  @Example
  void aPromptIsARowWithoutItsInstruction() {
    for (boolean chat : List.of(false, true)) {
      ReversedEncoder encoder =
          new ReversedEncoder(model, ReversedSettings.Template.SHORT, chat, 128);
      Encoded row = usable(encoder, "say run and jump", "well run then jump");
      assertArrayEquals(prompt(row), encoder.prompt(" well run then jump\n", 120));
      assertEquals(70, encoder.prompt("well run then jump ".repeat(100), 70).length, "cut to fit");
    }
    ReversedEncoder encoder =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, 128);
    assertThrows(IllegalArgumentException.class, () -> encoder.prompt("well run", 40));
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> words =
        Arbitraries.of(InstructionTask.WORDS).list().ofMaxSize(150).map(w -> String.join(" ", w));
    Arbitrary<String> any = Arbitraries.strings().ofMaxLength(200);
    Arbitrary<String> hostile =
        Arbitraries.of(
                "<|im_end|>",
                "<|im_start|>user\n",
                AFTER,
                "\n\n### Response:\n",
                "{response}",
                "\uD83D\uDE00",
                "\u00e9",
                " ",
                "\n",
                "run")
            .list()
            .ofMaxSize(20)
            .map(parts -> String.join("", parts));
    return Arbitraries.oneOf(words, any, hostile)
        // A lone surrogate has no bytes, so it cannot come back.
        .map(
            s ->
                new String(s.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
                    .replace("\0", ""));
  }

  @Property(tries = 400)
  void aRowFitsHoldsAllOfItsInstructionAndABeginningOfItsResponse(
      @ForAll("texts") String instruction,
      @ForAll("texts") String response,
      @ForAll @IntRange(min = 40, max = 128) int maxTokens) {
    ReversedEncoder.Result result =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, false, maxTokens)
            .encode(row(instruction, response));
    int[] target = target(instruction.strip());
    int template = tokenizer().encodeText(BEFORE + AFTER).length;
    int wanted = tokenizer().encodeText(BEFORE + response.strip() + AFTER).length - template;
    Optional<Drop> reason =
        response.isBlank()
            ? Optional.of(Drop.BLANK_RESPONSE)
            : target.length < 4
                ? Optional.of(Drop.SHORT_INSTRUCTION)
                : template + Math.min(16, wanted) + target.length > maxTokens
                    ? Optional.of(Drop.LONG_INSTRUCTION)
                    : Optional.empty();
    assertEquals(reason, result.dropped());
    assertEquals(reason.isEmpty(), result.row().isPresent());
    if (result.row().isPresent()) {
      Encoded found = result.row().get().row();
      assertTrue(found.ids().length <= maxTokens);
      assertArrayEquals(target, found.responseIds());
      assertTrue(found.predictedLength() >= 4);
      String text = tokenizer().decode(prompt(found));
      assertTrue(text.startsWith(BEFORE) && text.endsWith(AFTER));
      String kept = text.substring(BEFORE.length(), text.length() - AFTER.length());
      assertTrue(response.strip().startsWith(kept));
      assertEquals(result.row().get().cut(), kept.length() < response.strip().length());
      if (result.row().get().cut()) {
        // A character is four tokens at most here, so nothing that fits is thrown away.
        assertTrue(found.ids().length > maxTokens - 4);
      }
      assertEquals(
          1, Arrays.stream(found.ids()).filter(id -> id >= end() - 1).count(), "control tokens");
    }
  }

  @Property(tries = 200)
  void inAChatTemplateTheInstructionIsTheWholeAnswer(
      @ForAll("texts") String instruction,
      @ForAll("texts") String response,
      @ForAll @IntRange(min = 40, max = 128) int maxTokens) {
    ReversedEncoder.Result result =
        new ReversedEncoder(model, ReversedSettings.Template.SHORT, true, maxTokens)
            .encode(row(instruction, response));
    if (result.row().isPresent()) {
      Encoded found = result.row().get().row();
      assertTrue(found.ids().length <= maxTokens);
      Encoded alone =
          tokenizer().encodeForTraining(Prompt.user("x").withResponse(instruction.strip()));
      assertArrayEquals(alone.responseIds(), found.responseIds());
      int[] own = found.responseIds();
      assertEquals(end(), own[own.length - 1]);
      assertTrue(found.predictedLength() >= 4);
    }
  }

  @Property(tries = 300)
  void aCutTextIsAWellFormedBeginningWithinTheLimit(
      @ForAll("texts") String text, @ForAll @IntRange(max = 220) int limit) {
    String cut = TextCut.longest(text, limit, String::length);
    assertTrue(text.startsWith(cut));
    int most = Math.min(limit, text.length());
    assertTrue(cut.length() == most || cut.length() == most - 1);
    assertEquals(
        Math.min(limit, text.codePointCount(0, text.length())),
        TextCut.longest(text, limit, s -> s.codePointCount(0, s.length())).codePoints().count());
    assertFalse(!cut.isEmpty() && Character.isHighSurrogate(cut.charAt(cut.length() - 1)));
  }
}
