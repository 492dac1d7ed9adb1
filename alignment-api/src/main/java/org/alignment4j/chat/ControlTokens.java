package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alignment4j.chat.TokenizerFile.AddedToken;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that structure a conversation, which no message text may yield.
 *
 * <p>These are the added tokens, special or not; the tokens that the configuration names by text or
 * id (beginning, end, padding, ...), whether added or only in the model's vocabulary; and other
 * tokens of the vocabulary that are spelled like one, such as {@code <|im_end|>} or {@code </s>}.
 * White space is excluded, and so is an added token of letters that the configuration does not
 * name: it is an ordinary word.
 */
final class ControlTokens {
  private static final Pattern LOOKS_LIKE_CONTROL =
      Pattern.compile("<\\|.*\\|>|</?s>|<(unk|pad|bos|eos|mask)>|\\[/?[A-Z_]+]", Pattern.DOTALL);

  /** Narrower: a vocabulary learned from programs holds {@code [I]} or {@code <br>}. */
  private static final Pattern VOCABULARY_LOOKS_LIKE_CONTROL =
      Pattern.compile(
          "<\\|\\S{1,60}\\|>|<｜\\S{1,60}｜>|</?s>|<(unk|pad|bos|eos|mask|cls|sep)>"
              + "|</?[A-Za-z0-9]+(_[A-Za-z0-9]+)+>|<unused\\d+>"
              + "|\\[(UNK|PAD|BOS|EOS|MASK|CLS|SEP|/?INST)]|<</?SYS>>");

  private static final Pattern WORD =
      Pattern.compile("[\\p{L}\\p{M}\\p{N}\\s\\u2581]*|.", Pattern.DOTALL);

  private final Map<Character, List<AddedToken>> byFirst = new HashMap<>();
  private final Map<String, AddedToken> byContent = new HashMap<>();
  private final Set<String> spellings = new LinkedHashSet<>();
  private final Set<Integer> ids = new HashSet<>();
  private final BitSet steering = new BitSet();
  private final boolean unknownSteers;

  /**
   * @param settings the tokens that the configuration names
   * @param template Jinja source of the chat template and its output, or empty
   * @param encode returns the ids of a text in which the file's control tokens are matched
   */
  ControlTokens(
      TokenizerFile file,
      TokenizerSettings settings,
      String template,
      Function<String, long[]> encode) {
    for (AddedToken token : file.added()) {
      String content = token.content();
      boolean control =
          token.special()
              || settings.named().contains(content)
              || (!content.isBlank()
                  && (template.contains(content)
                      || settings.namedIds().contains(token.id())
                      || LOOKS_LIKE_CONTROL.matcher(content).matches()
                      || !WORD.matcher(content).matches()));
      if (control && !content.isEmpty()) {
        add(token, content);
      }
    }
    addFromVocabulary(file, settings, encode);
    byFirst
        .values()
        .forEach(
            list ->
                list.sort(
                    Comparator.comparingInt((AddedToken t) -> t.content().length()).reversed()));
    ids.forEach(steering::set);
    int unknown = file.unknown().isEmpty() ? -1 : file.id(file.unknown());
    unknownSteers = unknown >= 0 && steers(file.unknown(), unknown, settings, template);
    if (unknown >= 0 && !unknownSteers) {
      steering.clear(unknown);
    }
  }

  private void addFromVocabulary(
      TokenizerFile file, TokenizerSettings settings, Function<String, long[]> encode) {
    Set<String> contents = Set.copyOf(byContent.keySet());
    for (int id = 0; id < file.size(); id++) {
      String token = file.token(id);
      if (token == null || ids.contains(id) || file.isAdded(id)) {
        continue;
      }
      boolean byId = settings.namedIds().contains(id);
      if (!byId && !mayLookLikeControl(token) && !settings.named().contains(token)) {
        continue;
      }
      String text = file.spelling().text(token);
      if (text.isBlank()) {
        continue;
      }
      boolean named = settings.named().contains(text);
      if (named
          || byId
          || contents.contains(text)
          || (settings.declared().contains(text) && !WORD.matcher(text).matches())
          || VOCABULARY_LOOKS_LIKE_CONTROL.matcher(text).matches()) {
        spellings.add(token);
        ids.add(id);
        // transformers adds the named tokens, so that a template can write them.
        boolean counts = named || settings.declared().contains(text);
        if (!byContent.containsKey(text) && (counts || isReached(text, id, encode))) {
          add(new AddedToken(id, text, false, false, false), token);
        }
      }
    }
  }

  private static boolean mayLookLikeControl(String token) {
    return token.indexOf('<') >= 0 || token.indexOf('[') >= 0;
  }

  /** Whether the tokenizer's model, without added tokens, maps this text to this token. */
  private static boolean isReached(String text, int id, Function<String, long[]> encode) {
    return Stream.of(text, "\n" + text + "\n", "x" + text + "x")
        .anyMatch(around -> Arrays.stream(encode.apply(around)).anyMatch(found -> found == id));
  }

  private void add(AddedToken token, String spelling) {
    byContent.put(token.content(), token);
    spellings.add(spelling);
    ids.add(token.id());
    byFirst.computeIfAbsent(token.content().charAt(0), c -> new ArrayList<>()).add(token);
  }

  /** Whether the token for unknown text is also a control token. */
  private static boolean steers(
      String unknown, int id, TokenizerSettings settings, String template) {
    return settings.eosIds().contains(id)
        || unknown.equals(settings.bos())
        || unknown.equals(settings.eos())
        || template.contains(unknown);
  }

  /** The longest control token spelled at this offset, or null. */
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

  /** The control tokens as the file spells them. */
  Set<String> spellings() {
    return Set.copyOf(spellings);
  }

  Set<Integer> ids() {
    return Set.copyOf(ids);
  }

  /** Whether the token for unknown text is also a control token, so that any text may yield it. */
  boolean unknownSteers() {
    return unknownSteers;
  }

  /** The ids that no text may yield; without the token for unknown text if it is nothing else. */
  BitSet steering() {
    return (BitSet) steering.clone();
  }
}
