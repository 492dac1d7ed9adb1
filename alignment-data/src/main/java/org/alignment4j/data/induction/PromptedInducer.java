package org.alignment4j.data.induction;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.induction.Inducer.Induction;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.synthesis.SourceText;

/**
 * Prompts any chat model for the instruction to which a text would be the answer; needs no
 * training. The text is quoted in the prompt, and the model is instructed not to follow it; prompt
 * injection is still possible, so judge the instructions. Immutable and thread-safe.
 */
public final class PromptedInducer implements Inducer {
  /** At most 128 tokens, temperature 0.7, top-p 0.95. */
  public static final Sampling SAMPLING = Sampling.of(128, 0.7, 0.95);

  /** The number of UTF-16 units to which texts are truncated: about 2,000 tokens of English. */
  public static final int MAX_CHARACTERS = 8000;

  private static final TextGap TEMPLATE = TextGap.resource("induce.txt", "text");

  private static final String FENCE = "-".repeat(10);

  /** A heading that models write although instructed not to. */
  private static final Pattern HEADING =
      Pattern.compile(
          "\\A[\\s*#]*(?:the\\s+)?(?:user\\s+)?(?:instruction|prompt|question|request)[\\s*]*:[\\s*]*",
          Pattern.CASE_INSENSITIVE);

  private static final List<String> QUOTES = List.of("\"\"", "\u201C\u201D", "''", "``");

  private final Samples samples;
  private final int maxCharacters;

  /** Creates an inducer with {@link #SAMPLING} and {@link #MAX_CHARACTERS}. */
  public PromptedInducer(ChatModel model) {
    this(model, SAMPLING, MAX_CHARACTERS);
  }

  /**
   * Creates an inducer.
   *
   * @param sampling the sampling of an instruction
   * @param maxCharacters number of UTF-16 units to which a text is truncated, at least 1
   */
  public PromptedInducer(ChatModel model, Sampling sampling, int maxCharacters) {
    require(maxCharacters >= 1, "maxCharacters must be >= 1, was %s", maxCharacters);
    this.samples = new Samples(model, sampling);
    this.maxCharacters = maxCharacters;
  }

  /** Returns "prompted" with a hash of the prompt, and the model's name. */
  @Override
  public String name() {
    return "prompted-" + TEMPLATE.hash().substring(0, 8) + ":" + samples.model().name();
  }

  @Override
  public List<Induction> induce(SourceText text, int n, long seed, RequestLedger requests) {
    Prompt prompt = Prompt.user(promptText(TextCut.to(text.text().strip(), maxCharacters)));
    return samples.draw(name(), prompt, n, seed, requests, PromptedInducer::bare);
  }

  /**
   * Returns the prompt, with a fence of dashes longer than any in the text, so that the text cannot
   * close it.
   */
  private static String promptText(String text) {
    String fence = FENCE;
    while (text.contains(fence)) {
      fence += "-";
    }
    return new TextGap(
            TEMPLATE.before().replace(FENCE, fence), TEMPLATE.after().replace(FENCE, fence))
        .with(text);
  }

  /** Returns the answer without a leading heading and enclosing quotation marks. */
  static String bare(String answer) {
    String text = answer.strip();
    Matcher heading = HEADING.matcher(text);
    if (heading.find()) {
      text = text.substring(heading.end()).strip();
    }
    for (String pair : QUOTES) {
      if (text.length() >= 2
          && text.charAt(0) == pair.charAt(0)
          && text.charAt(text.length() - 1) == pair.charAt(1)
          && text.indexOf(pair.charAt(1), 1) == text.length() - 1) {
        return text.substring(1, text.length() - 1).strip();
      }
    }
    return text;
  }
}
