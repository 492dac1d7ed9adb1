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
 * A request to a chat model. Immutable.
 *
 * @param prompt the conversation; if it ends with an assistant message, the model is to continue
 *     that, which not every model can
 * @param sampling the sampling settings
 * @param seed seed of the sampling, for models that accept one
 * @param schema a JSON schema that the answer should follow; empty for free text. Models without
 *     constrained decoding ignore it, so validate the answer.
 */
public record ChatRequest(Prompt prompt, Sampling sampling, long seed, String schema) {
  /** Returns a request for free text. */
  public static ChatRequest of(Prompt prompt, Sampling sampling, long seed) {
    return new ChatRequest(prompt, sampling, seed, "");
  }

  /**
   * Returns the key under which the answer is stored: SHA-256 of the model's name, sampling, seed,
   * schema and messages, 64 lower-case hexadecimal digits.
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

  /** Returns the SHA-256 of the messages alone, for lineage. */
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

  /** Returns the size only; the text may be private. */
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
   * Sampling settings. Immutable.
   *
   * @param maxTokens maximum number of tokens of the answer, at least 1
   * @param temperature 0 (greedy decoding) or above
   * @param topP probability mass of nucleus sampling, above 0 and at most 1
   * @param stop texts that end the answer and are excluded from it; may be empty
   */
  public record Sampling(int maxTokens, double temperature, double topP, List<String> stop) {
    /**
     * @throws IllegalArgumentException if a number is out of range or a stop text is empty
     */
    public Sampling {
      require(maxTokens >= 1, "maxTokens must be at least 1, was %s", maxTokens);
      require(
          temperature >= 0 && Double.isFinite(temperature),
          "the temperature must be 0 or above, was %s",
          temperature);
      require(topP > 0 && topP <= 1, "topP must be in 0..1, above 0, was %s", topP);
      // Turns -0 into 0, as the key of the request would differ.
      temperature += 0.0;
      stop = List.copyOf(stop);
      require(stop.stream().noneMatch(String::isEmpty), "a stop text is empty");
    }

    /** Returns settings of greedy decoding. */
    public static Sampling greedy(int maxTokens) {
      return new Sampling(maxTokens, 0, 1, List.of());
    }

    /** Returns settings of nucleus sampling at a temperature, without stop texts. */
    public static Sampling of(int maxTokens, double temperature, double topP) {
      return new Sampling(maxTokens, temperature, topP, List.of());
    }
  }
}
