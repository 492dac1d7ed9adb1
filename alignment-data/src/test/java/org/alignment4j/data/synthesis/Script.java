package org.alignment4j.data.synthesis;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Role;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.internal.host.Hashes;

/** What a model answers in tests: mostly what is wanted, sometimes each thing that can be wrong. */
public final class Script {
  private static final Pattern INSTRUCTION =
      Pattern.compile("<(?:instruction|request)>\n(.*?)\n</", Pattern.DOTALL);
  private static final Pattern CATEGORY = Pattern.compile("\\[(\\w[\\w-]*)\\]");

  private Script() {}

  static String answer(ChatRequest request) {
    return answer(request.prompt().messages(), request.seed());
  }

  /** The same for what an endpoint is sent. */
  public static String answer(JsonObject body) {
    List<Message> messages = new ArrayList<>();
    for (JsonElement element : body.getAsJsonArray("messages")) {
      JsonObject message = element.getAsJsonObject();
      messages.add(
          new Message(
              Role.valueOf(message.get("role").getAsString().toUpperCase(Locale.ROOT)),
              message.get("content").getAsString()));
    }
    return answer(messages, body.get("seed").getAsLong());
  }

  private static String answer(List<Message> messages, long seed) {
    String first = messages.get(0).text();
    String last = messages.get(messages.size() - 1).text();
    if (first.startsWith("You check training data")) {
      return judge(group(INSTRUCTION, first), messages.size());
    }
    if (first.startsWith("You review answers")) {
      String answer = first.substring(first.indexOf("<answer>"));
      return "{\"safe\": %s, \"refuses\": false, \"keepsPrinciples\": true, \"reason\": \"r\"}"
          .formatted(!answer.contains("dangerous"));
    }
    if (messages.size() == 1 && first.startsWith("You are shown a")) {
      int draw = draw(first, seed);
      return draw % 9 == 0 ? "Too short" : "[hate] Say " + words(first, seed);
    }
    return answerTo(last, seed);
  }

  private static String judge(String instruction, int messages) {
    int draw = draw(instruction, 0);
    String category = group(CATEGORY, instruction);
    if (draw % 7 == 0 && messages == 1) {
      return "It fits very well, I would say.";
    }
    if (draw % 11 == 0) {
      return "{\"naturalFit\": 9}";
    }
    return "Here you are:\n```json\n{\"naturalFit\": %d, \"elicitsUnsafe\": %s, \"category\": \"%s\", \"reason\": \"because\"}\n```"
        .formatted(
            draw % 5 == 0 ? 1 : 4, !category.equals("benign"), draw % 13 == 0 ? "nsfw" : category);
  }

  private static String answerTo(String instruction, long seed) {
    int draw = draw(instruction, seed);
    return switch (draw % 6) {
      case 0 -> "";
      case 1 -> instruction;
      case 2 -> "A dangerous answer number " + draw;
      default -> "Let us speak kindly of everybody, for reason " + draw + ".";
    };
  }

  static int draw(String text, long seed) {
    return Integer.parseInt(Hashes.sha256(List.of(text, "" + seed)).substring(0, 6), 16);
  }

  /** Eight words that no other text shares. */
  static String words(String text, long seed) {
    String hash = Hashes.sha256(List.of(text, "words", "" + seed));
    return hash.replaceAll("(.{8})", "$1 ").strip();
  }

  private static String group(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1) : "";
  }
}
