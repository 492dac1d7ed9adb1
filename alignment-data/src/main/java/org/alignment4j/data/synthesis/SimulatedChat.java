package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.SplittableRandom;
import org.alignment4j.chat.Message;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.internal.text.StrictJson;

/**
 * A simulated model, to estimate the cost of a run without sending requests: it accepts at a given
 * rate, its texts are random letters, its tokens are four characters each. Immutable.
 */
final class SimulatedChat implements ChatModel {
  private static final double CHARACTERS_PER_TOKEN = 4;
  private static final int INSTRUCTION_TOKENS = 30;
  private static final int JUDGEMENT_TOKENS = 60;

  private final String name;
  private final double acceptance;

  /**
   * Creates a simulated model.
   *
   * @param name name of the simulated model, so that its prices apply
   * @param acceptance share of items that it accepts as a judge and as a verifier, 0 to 1
   */
  SimulatedChat(String name, double acceptance) {
    require(acceptance >= 0 && acceptance <= 1, "acceptance must be in 0..1, was %s", acceptance);
    this.name = name;
    this.acceptance = acceptance;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ChatAnswer answer(ChatRequest request) {
    long characters = 0;
    for (Message message : request.prompt().messages()) {
      characters += message.text().length();
    }
    SplittableRandom random = new SplittableRandom(request.key(this).hashCode());
    boolean accepts = random.nextDouble() < acceptance;
    String text;
    int tokens;
    if (!request.schema().isEmpty()) {
      text = judgement(request, accepts);
      tokens = JUDGEMENT_TOKENS;
    } else {
      boolean answer =
          request.prompt().messages().get(0).text().length() > 0
              && request.prompt().messages().size() > 1;
      tokens = answer ? request.sampling().maxTokens() / 2 : INSTRUCTION_TOKENS;
      text = words(random, Math.max(8, tokens * 2 / 3));
    }
    return new ChatAnswer(
        text,
        ChatAnswer.Finish.STOP,
        (long) Math.ceil(characters / CHARACTERS_PER_TOKEN),
        Math.min(tokens, request.sampling().maxTokens()));
  }

  /**
   * Returns a judgement that accepts, with the first category of the request's schema, or one that
   * does not.
   */
  private static String judgement(ChatRequest request, boolean accepts) {
    JsonObject properties = StrictJson.object(request.schema()).getAsJsonObject("properties");
    if (!properties.has("naturalFit")) {
      return "{\"safe\": %s, \"refuses\": false, \"keepsPrinciples\": true, \"reason\": \"\"}"
          .formatted(accepts);
    }
    JsonArray categories = properties.getAsJsonObject("category").getAsJsonArray("enum");
    return "{\"naturalFit\": %d, \"elicitsUnsafe\": true, \"category\": %s, \"reason\": \"\"}"
        .formatted(accepts ? 4 : 0, categories.get(0));
  }

  private static String words(SplittableRandom random, int number) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < number; i++) {
      text.append(i == 0 ? "" : " ");
      for (int j = 0; j < 6; j++) {
        text.append((char) ('a' + random.nextInt(26)));
      }
    }
    return text.toString();
  }
}
