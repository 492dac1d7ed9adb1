package org.alignment4j.data.request;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Locale;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Hashes;

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
}
