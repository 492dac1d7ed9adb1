package org.alignment4j.data;

/** What a file of source texts is. */
enum SourceFormat {
  JSONL,
  CSV,
  HATECHECK,
  TOXIGEN,
  TOXIGEN_STATEMENTS;

  boolean isCsv() {
    return this == CSV || this == HATECHECK;
  }
}
