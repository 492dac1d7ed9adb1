package org.alignment4j.data.request;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Locale;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.internal.host.Hashes;

/**
 * What a chat model is asked. Immutable.
 *
 * @param prompt the conversation; one that ends with an assistant message asks to go on with it,
 *     which not every model can
 * @param sampling how the answer is drawn
 * @param seed of the answer's random numbers, where the model takes one
 * @param schema a JSON schema that the answer should follow; empty for free text. Models that
 *     cannot be held to it leave it alone, so check the answer.
 */
public record ChatRequest(Prompt prompt, Sampling sampling, long seed, String schema) {
  /** A request for free text. */
  public static ChatRequest of(Prompt prompt, Sampling sampling, long seed) {
    return new ChatRequest(prompt, sampling, seed, "");
  }

  /**
   * What the answer is stored under: SHA-256 of the model's name, sampling, seed, schema and
   * messages, 64 lower-case hexadecimal digits.
   */
  public String key(ChatModel model) {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("max_tokens", sampling.maxTokens());
    parameters.addProperty("temperature", sampling.temperature());
    parameters.addProperty("top_p", sampling.topP());
    JsonArray stop = new JsonArray();
    sampling.stop().forEach(stop::add);
    parameters.add("stop", stop);
    parameters.addProperty("schema", schema);
    return Hashes.sha256(
        List.of(model.name(), parameters.toString(), Long.toString(seed), messages().toString()));
  }

  /** SHA-256 of the messages alone, for lineage. */
  public String promptHash() {
    return Hashes.sha256(List.of(messages().toString()));
  }

  private JsonArray messages() {
    JsonArray messages = new JsonArray();
    for (Message message : prompt.messages()) {
      JsonObject o = new JsonObject();
      o.addProperty("role", message.role().name().toLowerCase(Locale.ROOT));
      o.addProperty("content", message.text());
      messages.add(o);
    }
    return messages;
  }

  /** The size; the text may be private. */
  @Override
  public String toString() {
    return "ChatRequest["
        + prompt.messages().size()
        + " messages, "
        + sampling
        + ", seed "
        + seed
        + "]";
  }

  /**
   * How an answer is drawn. Immutable.
   *
   * @param maxTokens most tokens of the answer, at least 1
   * @param temperature 0 (the likeliest token each time) or above
   * @param topP mass of the tokens that are drawn from, above 0 and at most 1
   * @param stop texts that end the answer and are no part of it; may be empty
   */
  public record Sampling(int maxTokens, double temperature, double topP, List<String> stop) {
    /**
     * @throws IllegalArgumentException if a number is out of its range or a stop text is empty
     */
    public Sampling {
      require(maxTokens >= 1, "maxTokens must be at least 1, was %s", maxTokens);
      require(
          temperature >= 0 && Double.isFinite(temperature),
          "the temperature must be 0 or above, was %s",
          temperature);
      require(topP > 0 && topP <= 1, "topP must be in 0..1, above 0, was %s", topP);
      // Not -0, which would be another request.
      temperature += 0.0;
      stop = List.copyOf(stop);
      require(stop.stream().noneMatch(String::isEmpty), "a stop text is empty");
    }

    /** The likeliest token each time. */
    public static Sampling greedy(int maxTokens) {
      return new Sampling(maxTokens, 0, 1, List.of());
    }

    /** Drawn at a temperature from the likeliest tokens that make up topP. */
    public static Sampling of(int maxTokens, double temperature, double topP) {
      return new Sampling(maxTokens, temperature, topP, List.of());
    }
  }
}
