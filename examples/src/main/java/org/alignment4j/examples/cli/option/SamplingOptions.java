package org.alignment4j.examples.cli.option;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.model.Generation;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How the next token is chosen, and what ends an answer. */
public final class SamplingOptions {
  @Mixin private NewTokens tokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "0 (default) takes the likeliest token; above it tokens are drawn")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "draw from the K likeliest tokens only")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description = "draw from the fewest tokens that hold the share P of the probability")
  private double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      defaultValue = "0",
      description = "draw from tokens at least P times as likely as the likeliest")
  private double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      defaultValue = "1",
      description = "above 1, tokens of prompt and answer become less likely")
  private double repetitionPenalty;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "seed of the draws: the same seed, the same text (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "end an answer before this text; may be given again")
  private List<String> stop = List.of();

  /** With the most new tokens that are taken if the option is not given. */
  public SamplingOptions(int maxTokens) {
    tokens = new NewTokens(maxTokens);
  }

  /**
   * The settings.
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
