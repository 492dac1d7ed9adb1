package org.alignment4j.examples.cli;

import org.alignment4j.synthesis.SynthesisReport;

final class SynthesisPage {
  private SynthesisPage() {}

  static String of(String title, SynthesisReport report) {
    return title + report.pairs();
  }
}
