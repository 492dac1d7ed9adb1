package org.alignment4j.examples.cli.output;

import org.alignment4j.internal.text.Shown;

/** Names from outside as cells of a Markdown table, which viewers render as HTML. */
public final class MarkdownTable {
  private MarkdownTable() {}

  /** A cell that shows the text and neither ends the cell nor holds markup. */
  public static String cell(String text) {
    return Shown.value(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replaceAll("([\\\\`*_\\[\\]|])", "\\\\$1");
  }
}
