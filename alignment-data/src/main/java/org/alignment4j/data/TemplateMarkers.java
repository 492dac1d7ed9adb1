package org.alignment4j.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts a file's texts that contain markers of chat templates, which another program added: the
 * model's own template would be applied on top of them. Not thread-safe.
 */
final class TemplateMarkers {
  private static final Logger LOG = LoggerFactory.getLogger(TemplateMarkers.class);

  private static final Pattern MARKER =
      Pattern.compile(
          "<[|\uFF5C](?:im_start|im_end|im_sep|user|assistant|system|end|endoftext"
              + "|start_header_id|end_header_id|eot_id|begin_of_text|end_of_text|prompter"
              + "|START_OF_TURN_TOKEN|END_OF_TURN_TOKEN|start_of_role|end_of_role|User|Assistant"
              + "|begin\u2581of\u2581sentence|end\u2581of\u2581sentence|start|message|channel"
              + "|turn|header_start|header_end|eot)[|\uFF5C]>"
              + "|\\[/?INST\\]|<</?SYS>>|</?(?:start_of_turn|end_of_turn)>|<\\|(?:User|Assistant)\\|>"
              + "|\\A\\s*<s>|</s>\\s*\\z|<bos>|<eos>"
              + "|^### (?:Instruction|Response|Human|Assistant|User|System):"
              + "|\\n\\n(?:Human|Assistant):|\\ABEGINNING OF CONVERSATION: USER:"
              + "|(?:\\A|^)USER: (?=[^\\x00]*\\bASSISTANT:)",
          Pattern.MULTILINE);

  private long found;
  private long firstLine;
  private String first = "";

  /** Returns the first marker in a text. */
  static Optional<String> find(String text) {
    Matcher marker = MARKER.matcher(text);
    return marker.find() ? Optional.of(marker.group().strip()) : Optional.empty();
  }

  /**
   * Counts a row if one of its texts contains a marker.
   *
   * @param line the line where the row starts
   */
  void add(long line, List<String> rowTexts) {
    Optional<String> marker =
        rowTexts.stream().map(TemplateMarkers::find).flatMap(Optional::stream).findFirst();
    if (marker.isPresent() && found++ == 0) {
      firstLine = line;
      first = marker.get();
    }
  }

  /**
   * Returns a warning; empty if there is no marker.
   *
   * @param of the number of rows
   * @param rows the rows' name in the message
   */
  Optional<String> warning(long of, String rows) {
    return found == 0
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "%d of %d %s hold markers of a chat template, the first '%s' at line %d: the"
                    + " model's own template is put around them",
                found,
                of,
                rows,
                first,
                firstLine));
  }

  /** Logs one warning for all rows. */
  void warn(Path file, long of, String rows) {
    warning(of, rows).ifPresent(text -> LOG.warn("{}: {}", file, text));
  }
}
