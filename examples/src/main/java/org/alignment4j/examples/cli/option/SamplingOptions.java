package org.alignment4j.examples.cli.option;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.model.Generation;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sampling options of generation. */
public final class SamplingOptions {
  @Mixin private NewTokens tokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "0 (default) takes the most probable token; above 0 tokens are sampled")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "sample from the K most probable tokens only")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description = "sample from the smallest set of tokens with a total probability of P")
  private double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      defaultValue = "0",
      description = "sample from tokens at least P times as probable as the most probable one")
  private double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      defaultValue = "1",
      description = "above 1, tokens of prompt and response become less probable")
  private double repetitionPenalty;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "sampling seed: the same seed yields the same text (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "end a response before this text; may be repeated")
  private List<String> stop = List.of();

  /** Creates options with the default maximum number of new tokens. */
  public SamplingOptions(int maxTokens) {
    tokens = new NewTokens(maxTokens);
  }

  /**
   * Returns the settings.
   *
   * @throws IllegalArgumentException if an option is out of its range
   */
  public Generation.Builder settings() {
    return Generation.builder(tokens.max())
        .temperature(temperature)
        .topK(topK)
        .topP(topP)
        .minP(minP)
        .repetitionPenalty(repetitionPenalty)
        .seed(seed)
        .stopStrings(stop);
  }

  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("temperature", temperature);
    json.put("top_k", topK);
    json.put("top_p", topP);
    json.put("min_p", minP);
    json.put("repetition_penalty", repetitionPenalty);
    json.put("seed", seed);
    json.put("stop", stop);
    return json;
  }
}
