package org.alignment4j.examples.demo;

import java.util.List;

/**
 * A row of a data set of the demonstration model.
 *
 * @param id the row's position in its file, 0-based, without the header
 * @param prompts every prompt text of the row; the first one is the one to train on
 * @param answer the answer to the first prompt; empty where the data set has none
 */
record SourceRow(int id, List<String> prompts, String answer) {
  SourceRow {
    prompts = List.copyOf(prompts);
  }

  String prompt() {
    return prompts.get(0);
  }
}
