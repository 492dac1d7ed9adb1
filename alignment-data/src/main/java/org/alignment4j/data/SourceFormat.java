package org.alignment4j.data;

/** The format of a file of source texts. */
enum SourceFormat {
  JSONL,
  CSV,
  PARQUET,
  HATECHECK,
  TOXIGEN,
  TOXIGEN_STATEMENTS
}
