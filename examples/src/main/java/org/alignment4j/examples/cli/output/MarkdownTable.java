package org.alignment4j.examples.cli.output;

import org.alignment4j.internal.text.Shown;

/** Escapes foreign text for cells of a Markdown table, which viewers render as HTML. */
public final class MarkdownTable {
  private MarkdownTable() {}

  /** Returns the text escaped so that it neither ends the cell nor contains markup. */
  public static String cell(String text) {
    return Shown.value(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replaceAll("([\\\\`*_\\[\\]|])", "\\\\$1");
  }
}
