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
 * Encodes rows as token ids, the response before its instruction. If a row is too long, the end of
 * the response is cut, never the instruction: truncation at the right end would leave no token to
 * learn.
 */
final class ReversedEncoder {
  /** Minimum number of tokens of an instruction, including the end token. */
  static final int MIN_TARGET = 4;

  /** Minimum number of tokens that must remain of a longer response. */
  static final int MIN_RESPONSE = 16;

  private final ChatTokenizer tokenizer;
  private final TextGap template;
  private final boolean chat;
  private final int maxTokens;
  private final int end;

  /**
   * Creates an encoder for a model.
   *
   * @param template the text around a response
   * @param chat whether the template is a user's message and the instruction the assistant's answer
   *     in the model's chat template; otherwise they are one plain text
   * @param maxTokens maximum number of tokens of a row, limited by the model's context
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
                        model.path() + " names no end token, which an instruction must end with"));
  }

  /**
   * Returns a hash of what this encoder's prompts depend on besides the model, for names of models.
   */
  String hash() {
    return Hashes.sha256(
        List.of(template.hash(), Boolean.toString(chat), Integer.toString(maxTokens)));
  }

  int maxTokens() {
    return maxTokens;
  }

  /**
   * A row for training.
   *
   * @param row its responseStart is the instruction's first token
   * @param cut whether the end of the response was cut
   */
  record Row(Encoded row, boolean cut) {
    /**
     * @throws IllegalArgumentException if there are too few tokens to learn
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
   * An encoded row, or the reason why it was dropped.
   *
   * @param row empty if there is a reason
   * @param dropped empty if there is a row
   */
  record Result(Optional<Row> row, Optional<ReversedTuning.Drop> dropped) {
    private static Result of(ReversedTuning.Drop reason) {
      return new Result(Optional.empty(), Optional.of(reason));
    }
  }

  /** Encodes a row; white space around the texts is removed. */
  Result encode(InstructionSplit.Row source) {
    String response = source.response().strip();
    String instruction = source.instruction().strip();
    if (response.isEmpty()) {
      return Result.of(ReversedTuning.Drop.BLANK_RESPONSE);
    }
    Target target = new Target(instruction);
    Encoded bare = target.after("");
    if (instruction.isEmpty() || bare.responseLength() < MIN_TARGET) {
      return Result.of(ReversedTuning.Drop.SHORT_INSTRUCTION);
    }
    Encoded whole = target.after(response);
    int room = maxTokens - bare.ids().length;
    int wanted = whole.ids().length - bare.ids().length;
    if (room < Math.min(wanted, MIN_RESPONSE)) {
      return Result.of(ReversedTuning.Drop.LONG_INSTRUCTION);
    }
    boolean cut = whole.ids().length > maxTokens;
    Encoded fitting = cut ? target.afterCut(response) : whole;
    return new Result(Optional.of(new Row(fitting, cut)), Optional.empty());
  }

  /** Encodes an instruction after another row's response, cut as needed. */
  Encoded mismatched(String response, String instruction) {
    return new Target(instruction.strip()).afterCut(response.strip());
  }

  /**
   * Returns the prompt that a model continues with an instruction, [T]; the end of the response is
   * cut if it does not fit.
   *
   * @param maxTokens maximum number of tokens of the prompt
   * @throws IllegalArgumentException if the template leaves no room for a response
   */
  int[] prompt(String response, int maxTokens) {
    int bare = promptIds("").length;
    require(
        bare + MIN_RESPONSE <= maxTokens,
        "%s tokens are too few for a template of %s and a response of %s",
        maxTokens,
        bare,
        MIN_RESPONSE);
    return promptIds(TextCut.longest(response.strip(), maxTokens, r -> promptIds(r).length));
  }

  private int[] promptIds(String response) {
    String text = template.with(response);
    return chat ? tokenizer.encode(Prompt.user(text)) : documentIds(text);
  }

  /** Encodes a text with the tokenizer's start token, if any, but without an end token. */
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

    /** The tokens in plain text. */
    private final int[] ids;

    Target(String instruction) {
      this.instruction = instruction;
      this.ids = chat ? new int[0] : joined(tokenizer.encodeText(instruction), new int[] {end});
    }

    Encoded after(String response) {
      if (chat) {
        return tokenizer.encodeForTraining(
            Prompt.user(template.with(response)).withResponse(instruction));
      }
      int[] prompt = promptIds(response);
      return new Encoded(joined(prompt, ids), prompt.length);
    }

    Encoded afterCut(String response) {
      return after(TextCut.longest(response, maxTokens, r -> after(r).ids().length));
    }
  }
}
