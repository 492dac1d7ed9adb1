package org.alignment4j.examples.cli.evaluate;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.alignment4j.core.BadDataException;
import org.alignment4j.evaluation.ModelJudge;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.LocatedModel;
import org.alignment4j.examples.cli.option.PairsInput;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.PromptTemplate;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options for a model that compares two responses. */
public final class JudgeOptions {
  @Option(
      names = "--judge",
      paramLabel = "MODEL",
      description =
          "checkpoint folder or GGUF file of a model that compares the adapter's responses with the"
              + " start model's, each pair in both orders",
      converter = LocatedModel.class)
  @CheckedPath(CheckedPath.Kind.MODEL)
  private @Nullable Path judge;

  @Option(
      names = "--judge-prompt",
      paramLabel = "FILE",
      description = "prompt of the judge, with {question}, {a} and {b} (default: built in)")
  @CheckedPath(CheckedPath.Kind.FILE)
  private @Nullable Path judgePrompt;

  /** Whether there is a judge. */
  public boolean any() {
    return judge != null;
  }

  /**
   * The judge's prompt.
   *
   * @throws BadDataException if the file is no such prompt
   */
  public String question() {
    require(judgePrompt == null || judge != null, "--judge-prompt needs --judge");
    if (judgePrompt == null) {
      return ModelJudge.defaultText();
    }
    String text = InputFile.data(judgePrompt).text(InputFile.SETTINGS).strip();
    try {
      PromptTemplate.of(text, "question", "a", "b");
    } catch (IllegalArgumentException e) {
      throw new BadDataException(judgePrompt + ": " + e.getMessage(), e);
    }
    return text;
  }

  /** A judge, and the hash of the model and the prompt that its verdicts depend on. */
  public record Judge(ModelJudge judge, String fingerprint) {}

  /** Runs {@code work} with the judge, or with null if there is none. */
  public <R> R use(PairsInput input, Function<@Nullable Judge, R> work) {
    String question = question();
    if (judge == null) {
      return work.apply(null);
    }
    try (LanguageModel model = input.open(judge)) {
      return work.apply(
          new Judge(
              new ModelJudge(model, question),
              model.hash() + " " + model.precision() + " " + question));
    }
  }

  /** The options, for JSON. */
  public Map<String, Object> toMap() {
    return judge == null ? Map.of() : ImmutableMap.of("model", judge, "prompt", question());
  }
}
