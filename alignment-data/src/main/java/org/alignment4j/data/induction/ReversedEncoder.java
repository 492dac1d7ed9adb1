package org.alignment4j.data.induction;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import java.util.Optional;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.data.induction.ReversedInstructionTuner.ReversedTuning;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.LanguageModel;

/**
 * Instructions behind their responses as token ids. What is too long loses the end of its response,
 * never a token of the instruction: a row that is cut at its right end would have none left to
 * learn.
 */
final class ReversedEncoder {
  /** Fewest tokens of an instruction, the end token among them. */
  static final int MIN_TARGET = 4;

  /** What must be left of a response that is longer. */
  static final int MIN_RESPONSE = 16;

  private final ChatTokenizer tokenizer;
  private final TextGap template;
  private final boolean chat;
  private final int maxTokens;
  private final int end;

  /**
   * An encoder for a model.
   *
   * @param template what stands around a response
   * @param chat whether the template is a user's message and the instruction the assistant's answer
   *     in the model's chat template; otherwise they are one plain text
   * @param maxTokens most tokens of a row, where the model's context has so many
   * @throws CheckpointException if the model's tokenizer has no token that ends a text
   */
  ReversedEncoder(
      LanguageModel model, ReversedSettings.Template template, boolean chat, int maxTokens) {
    this.tokenizer = model.tokenizer();
    this.template = template.text();
    this.chat = chat;
    this.maxTokens = Math.min(maxTokens, model.longestSequence());
    this.end =
        tokenizer.endOfTurn().stream()
            .findFirst()
            .orElseThrow(
                () ->
                    new CheckpointException(
                        model.folder()
                            + " names no end token, which an instruction must end with"));
  }

  /** What this encoder's prompts depend on besides the model, for names of models. */
  String hash() {
    return Hashes.sha256(
        List.of(template.hash(), Boolean.toString(chat), Integer.toString(maxTokens)));
  }

  int maxTokens() {
    return maxTokens;
  }

  /**
   * A row to train on.
   *
   * @param row its responseStart is the instruction's first token
   * @param cut whether the response lost its end
   */
  record Row(Encoded row, boolean cut) {
    /**
     * @throws IllegalArgumentException if there is too little to learn
     */
    Row {
      require(
          row.responseStart() >= 1 && row.predictedLength() >= MIN_TARGET,
          "%s tokens to learn, fewer than %s",
          row.predictedLength(),
          MIN_TARGET);
    }
  }

  /**
   * A row, or the reason why it is none.
   *
   * @param row empty if there is a reason
   * @param dropped empty if there is a row
   */
  record Result(Optional<Row> row, Optional<ReversedTuning.Drop> dropped) {
    private static Result of(ReversedTuning.Drop reason) {
      return new Result(Optional.empty(), Optional.of(reason));
    }
  }

  /** Encodes a row; white space around the texts is no part of them. */
  Result encode(InstructionSplit.Row source) {
    String response = source.response().strip();
    String instruction = source.instruction().strip();
    if (response.isEmpty()) {
      return Result.of(ReversedTuning.Drop.BLANK_RESPONSE);
    }
    Target target = new Target(instruction);
    Encoded bare = target.behind("");
    if (instruction.isEmpty() || bare.responseLength() < MIN_TARGET) {
      return Result.of(ReversedTuning.Drop.SHORT_INSTRUCTION);
    }
    Encoded whole = target.behind(response);
    int room = maxTokens - bare.ids().length;
    int wanted = whole.ids().length - bare.ids().length;
    if (room < Math.min(wanted, MIN_RESPONSE)) {
      return Result.of(ReversedTuning.Drop.LONG_INSTRUCTION);
    }
    boolean cut = whole.ids().length > maxTokens;
    Encoded fitting = cut ? target.cutBehind(response) : whole;
    return new Result(Optional.of(new Row(fitting, cut)), Optional.empty());
  }

  /** An instruction behind another row's response, whatever is left of that. */
  Encoded behind(String response, String instruction) {
    return new Target(instruction.strip()).cutBehind(response.strip());
  }

  /**
   * What a model goes on from with an instruction, [T]; the response loses its end if it does not
   * fit.
   *
   * @param most tokens of the prompt
   * @throws IllegalArgumentException if the template leaves no room for a response
   */
  int[] prompt(String response, int most) {
    int bare = promptIds("").length;
    require(
        bare + MIN_RESPONSE <= most,
        "%s tokens are too few for a template of %s and a response of %s",
        most,
        bare,
        MIN_RESPONSE);
    return promptIds(TextCut.longest(response.strip(), most, r -> promptIds(r).length));
  }

  private int[] promptIds(String response) {
    String text = template.with(response);
    return chat ? tokenizer.encode(Prompt.user(text)) : documentIds(text);
  }

  /** With the beginning token that the tokenizer puts before a text, but none behind it. */
  private int[] documentIds(String text) {
    int[] ids = tokenizer.encodeText(text);
    int[] around = tokenizer.encodeRaw("");
    boolean begins =
        around.length > 0 && tokenizer.bos().isPresent() && around[0] == tokenizer.bos().getAsInt();
    return begins ? joined(new int[] {around[0]}, ids) : ids;
  }

  private static int[] joined(int[] a, int[] b) {
    int[] both = java.util.Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  /** An instruction and the end token. */
  private final class Target {
    private final String instruction;

    /** Of plain text. */
    private final int[] ids;

    Target(String instruction) {
      this.instruction = instruction;
      this.ids = chat ? new int[0] : joined(tokenizer.encodeText(instruction), new int[] {end});
    }

    Encoded behind(String response) {
      if (chat) {
        return tokenizer.encodeForTraining(
            Prompt.user(template.with(response)).withResponse(instruction));
      }
      int[] prompt = promptIds(response);
      return new Encoded(joined(prompt, ids), prompt.length);
    }

    Encoded cutBehind(String response) {
      return behind(TextCut.longest(response, maxTokens, r -> behind(r).ids().length));
    }
  }
}
