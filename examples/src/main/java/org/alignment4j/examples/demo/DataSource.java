package org.alignment4j.examples.demo;

/**
 * The public data sets of the demonstration model, and which of their rows are held out of
 * training, for this and all later evaluations.
 */
enum DataSource {
  ADVBENCH("advbench/advbench.csv"),
  ULTRAFEEDBACK("ultrafeedback/ultrafeedback_1k.json"),
  SELF_INSTRUCT("self-instruct/seed_tasks.jsonl"),
  HH_RLHF("hh-rlhf/test.jsonl.gz"),
  XSTEST("xstest/xstest_prompts.csv"),
  JAILBREAKBENCH("jailbreakbench/jailbreakbench.csv"),
  STRONGREJECT("strongreject/strongreject.csv");

  private final String file;

  DataSource(String file) {
    this.file = file;
  }

  String file() {
    return file;
  }

  /** Returns the part of the path that names the data set. */
  String key() {
    return file.substring(0, file.indexOf('/'));
  }

  /**
   * Whether training must never see a row.
   *
   * @param row 0-based
   * @param rows number of rows of the data set
   */
  boolean keptOut(int row, int rows) {
    return switch (this) {
      case ADVBENCH -> row >= 420;
      case ULTRAFEEDBACK -> row >= rows - 200;
      case SELF_INSTRUCT -> row % 5 == 4;
      case HH_RLHF -> row >= 1800;
      case XSTEST, JAILBREAKBENCH, STRONGREJECT -> true;
    };
  }
}
