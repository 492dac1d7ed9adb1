package org.alignment4j.data.synthesis;

import java.util.Optional;
import org.alignment4j.data.filter.Decontamination;
import org.alignment4j.data.filter.LicenceFilter;
import org.alignment4j.data.filter.PiiScrubber;
import org.alignment4j.data.synthesis.SynthesisStages.Stage;
import org.alignment4j.data.synthesis.SynthesisStages.StageResult;
import org.alignment4j.synthesis.SourceText;

/** Filters source texts by licence and evaluation sets, and replaces personal data. */
final class SourceStage implements Stage<SourceText, SourceText> {
  private final LicenceFilter licences;
  private final Optional<Decontamination> decontamination;
  private final Optional<PiiScrubber> scrubber;

  SourceStage(
      LicenceFilter licences,
      Optional<Decontamination> decontamination,
      Optional<PiiScrubber> scrubber) {
    this.licences = licences;
    this.decontamination = decontamination;
    this.scrubber = scrubber;
  }

  @Override
  public String name() {
    return "source";
  }

  @Override
  public StageResult<SourceText> apply(SourceText text) {
    LicenceFilter.Decision decision = licences.decide(text.licence());
    if (decision != LicenceFilter.Decision.ALLOWED) {
      return StageResult.drop(
          decision == LicenceFilter.Decision.UNKNOWN ? "licence unknown" : "licence not allowed");
    }
    Optional<Decontamination.Match> match = decontamination.flatMap(d -> d.find(text.text()));
    if (match.isPresent()) {
      return StageResult.drop("in evaluation set " + match.get().set());
    }
    String scrubbed = scrubber.map(s -> s.scrub(text.text()).text()).orElse(text.text());
    return StageResult.pass(
        new SourceText(text.id(), scrubbed, text.category(), text.source(), text.licence()));
  }
}
