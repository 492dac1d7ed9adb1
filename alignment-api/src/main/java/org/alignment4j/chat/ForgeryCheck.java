package org.alignment4j.chat;

import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import org.alignment4j.chat.NativeTokenizer.Tokens;
import org.alignment4j.chat.Stretch.Breach;
import org.jspecify.annotations.Nullable;

/** Finds, in the tokens, control tokens and role markers that contain message text. */
final class ForgeryCheck {
  /** Returns the ranges of message text that are part of a control token or role marker. */
  interface Search {
    void find(Stretch stretch, Tokens tokens, Consumer<Breach> found);
  }

  private final BitSet steering;
  private final MarkerBytes markers;
  private final @Nullable NativeTokenizer normaliser;
  private final @Nullable MarkerBytes normalised;

  /**
   * @param file the tokenizer's file
   * @param steering ids of control tokens
   * @param markers role markers in plain text
   * @param tokenizers the tokenizers of text
   * @param normaliser returns the bytes of normalised text as tokens; null if the tokens show them
   */
  ForgeryCheck(
      TokenizerFile file,
      BitSet steering,
      List<String> markers,
      List<NativeTokenizer> tokenizers,
      @Nullable NativeTokenizer normaliser) {
    this.steering = steering;
    String[] bytes = new String[file.size()];
    this.markers =
        new MarkerBytes(
            markers,
            id -> {
              // Two threads may fill in the same string.
              String known = bytes[id];
              if (known == null) {
                known = file.bytes(id);
                bytes[id] = known;
              }
              return known;
            },
            tokenizers);
    this.normaliser = normaliser;
    this.normalised =
        normaliser == null
            ? null
            : new MarkerBytes(markers, id -> String.valueOf((char) id), List.of(normaliser));
  }

  /** Returns the ranges of message text that are part of a control token or role marker. */
  void find(Stretch stretch, Tokens tokens, Consumer<Breach> found) {
    findControl(stretch, tokens, found);
    markers.find(stretch, tokens, found);
    if (normaliser != null && normalised != null && !normalised.isEmpty()) {
      normalised.find(stretch, normaliser.encode(stretch.text(), false), found);
    }
  }

  /** As {@link #find}, for control tokens only. */
  void findControl(Stretch stretch, Tokens tokens, Consumer<Breach> found) {
    long[] ids = tokens.ids();
    TokenView view = null;
    for (int i = 0; i < ids.length; i++) {
      if (steering.get(Math.toIntExact(ids[i]))) {
        view = view == null ? new TokenView(stretch.text(), tokens, id -> "") : view;
        stretch.breaches(null, view.start(i), view.end(i), found);
      }
    }
  }
}
