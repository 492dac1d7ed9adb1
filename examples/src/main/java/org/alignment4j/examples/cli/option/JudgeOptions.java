package org.alignment4j.examples.cli.option;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.alignment4j.core.BadDataException;
import org.alignment4j.evaluation.ModelJudge;
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
          "checkpoint folder or GGUF file of a model that compares two responses, in both orders:"
              + " an adapter's with the start model's, or a model's own",
      converter = LocatedModel.class)
  @CheckedPath(CheckedPath.Kind.MODEL)
  private @Nullable Path judge;

  @Option(
      names = "--judge-prompt",
      paramLabel = "FILE",
      description = "prompt of the judge, with {question}, {a} and {b} (default: built in)")
  @CheckedPath(CheckedPath.Kind.FILE)
  private @Nullable Path judgePrompt;

  private @Nullable String text;

  /** Whether there is a judge. */
  public boolean any() {
    return judge != null;
  }

  /**
   * The judge's prompt, read once.
   *
   * @throws BadDataException if the file is no such prompt
   */
  public String question() {
    if (text == null) {
      text = read();
    }
    return text;
  }

  private String read() {
    require(judgePrompt == null || judge != null, "--judge-prompt needs --judge");
    if (judgePrompt == null) {
      return ModelJudge.defaultText();
    }
    String own = InputFile.data(judgePrompt).text(InputFile.SETTINGS).strip();
    try {
      PromptTemplate.of(own, "question", "a", "b");
    } catch (IllegalArgumentException e) {
      throw new BadDataException(judgePrompt + ": " + e.getMessage(), e);
    }
    return own;
  }

  /** A judge, and the hash of the model and the prompt that its verdicts depend on. */
  public record Judge(ModelJudge judge, String fingerprint) {}

  /**
   * Runs {@code work} with the judge, or with null if there is none.
   *
   * @param open loads a model, which is closed afterwards
   */
  public <R> R use(Function<Path, LanguageModel> open, Function<@Nullable Judge, R> work) {
    String question = question();
    if (judge == null) {
      return work.apply(null);
    }
    try (LanguageModel model = open.apply(judge)) {
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
