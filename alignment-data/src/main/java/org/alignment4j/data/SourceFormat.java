package org.alignment4j.data;

/** What a file of source texts is. */
enum SourceFormat {
  JSONL,
  CSV,
  PARQUET,
  HATECHECK,
  TOXIGEN,
  TOXIGEN_STATEMENTS
}
