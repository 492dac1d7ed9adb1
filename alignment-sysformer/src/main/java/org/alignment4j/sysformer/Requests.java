package org.alignment4j.sysformer;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.EncodedMessages;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;
import org.alignment4j.chat.TokenRange;

/** Lays requests out behind a system prompt. */
final class Requests {
  private final ChatTokenizer tokenizer;
  private final String systemText;

  Requests(ChatTokenizer tokenizer, String systemText) {
    require(!systemText.isBlank(), "the system prompt is empty");
    this.tokenizer = tokenizer;
    this.systemText = systemText;
  }

  /**
   * @param prompt ending with a user message, or with the target of training
   */
  GuardRow row(Prompt prompt, boolean harmful) {
    Prompt whole = prompt.withSystem(systemText);
    EncodedMessages found = tokenizer.encodeMessages(whole);
    int[] ids = found.encoded().ids();
    List<Integer> text = new ArrayList<>();
    for (int i = 1; i < whole.messages().size(); i++) {
      if (whole.messages().get(i).role() == Role.USER) {
        TokenRange own = found.messages().get(i);
        IntStream.range(own.start(), own.end()).forEach(t -> text.add(ids[t]));
      }
    }
    if (text.isEmpty()) {
      // An empty message: the token before the answer stands for it.
      text.add(ids[found.encoded().responseStart() - 1]);
    }
    return new GuardRow(
        found.encoded(),
        found.messages().get(0),
        text.stream().mapToInt(Integer::intValue).toArray(),
        harmful);
  }
}
