package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.alignment4j.chat.TokenizerFile.AddedToken;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that steer a conversation and that no message text may yield.
 *
 * <p>These are the added tokens that are marked special, that the configuration names (beginning,
 * end, padding, ...), that the chat template writes, or whose spelling gives them away, like {@code
 * <|fim_prefix|>} or {@code </s>}.
 */
final class ControlTokens {
  private static final Pattern LOOKS_LIKE_CONTROL =
      Pattern.compile("<\\|.*\\|>|</?s>|<(unk|pad|bos|eos|mask)>|\\[/?[A-Z_]+]", Pattern.DOTALL);

  private final Map<Character, List<AddedToken>> byFirst = new HashMap<>();
  private final Map<String, AddedToken> byContent = new HashMap<>();
  private final Set<Integer> ids = new HashSet<>();

  /**
   * @param named tokens that the configuration names
   * @param template Jinja source of the chat template, or empty
   */
  ControlTokens(TokenizerFile file, Set<String> named, String template) {
    for (AddedToken token : file.added()) {
      String content = token.content();
      boolean control =
          token.special()
              || named.contains(content)
              || (!content.isBlank() && template.contains(content))
              || LOOKS_LIKE_CONTROL.matcher(content).matches();
      if (control && !content.isEmpty()) {
        byContent.put(content, token);
        ids.add(token.id());
        byFirst.computeIfAbsent(content.charAt(0), c -> new ArrayList<>()).add(token);
      }
    }
    byFirst
        .values()
        .forEach(
            list ->
                list.sort(
                    Comparator.comparingInt((AddedToken t) -> t.content().length()).reversed()));
  }

  /** The longest control token spelled at this place, or null. */
  @Nullable AddedToken at(String text, int index) {
    for (AddedToken token : byFirst.getOrDefault(text.charAt(index), List.of())) {
      if (text.startsWith(token.content(), index)) {
        return token;
      }
    }
    return null;
  }

  /** The control token with this spelling, or null. */
  @Nullable AddedToken get(String content) {
    return byContent.get(content);
  }

  Set<String> contents() {
    return Set.copyOf(byContent.keySet());
  }

  Set<Integer> ids() {
    return Set.copyOf(ids);
  }
}
