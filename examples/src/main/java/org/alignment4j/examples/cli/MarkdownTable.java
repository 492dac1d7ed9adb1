package org.alignment4j.examples.cli;

import org.alignment4j.core.Shown;

/** Names from outside as cells of a Markdown table, which viewers render as HTML. */
final class MarkdownTable {
  private MarkdownTable() {}

  /** A cell that shows the text and neither ends the cell nor holds markup. */
  static String cell(String text) {
    return Shown.value(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replaceAll("([\\\\`*_\\[\\]|])", "\\\\$1");
  }
}
