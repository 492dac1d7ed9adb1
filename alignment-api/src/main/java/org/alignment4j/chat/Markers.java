package org.alignment4j.chat;

import java.util.List;

/**
 * Role markers that are plain text to a tokenizer, such as Llama 2's {@code [INST]}. Nothing but
 * their spelling sets them apart, so message text must not contain them.
 *
 * @param markers none of them contains a space
 */
record Markers(List<String> markers) {
  Markers {
    markers = List.copyOf(markers);
  }

  /**
   * The text with a space after the first character of every marker in it: {@code [ INST]}. The
   * words stay readable to a model and the marker is gone; no new one can arise, because markers
   * hold no space.
   */
  String neutralise(String text) {
    StringBuilder out = null;
    int copied = 0;
    for (int i = 0; i < text.length(); i++) {
      if (startsMarker(text, i)) {
        if (out == null) {
          out = new StringBuilder(text.length() + 16);
        }
        out.append(text, copied, i + 1).append(' ');
        copied = i + 1;
      }
    }
    return out == null ? text : out.append(text, copied, text.length()).toString();
  }

  private boolean startsMarker(String text, int at) {
    for (String marker : markers) {
      if (text.startsWith(marker, at)) {
        return true;
      }
    }
    return false;
  }
}
