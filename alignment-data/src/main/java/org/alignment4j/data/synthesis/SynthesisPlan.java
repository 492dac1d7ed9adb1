package org.alignment4j.data.synthesis;

import java.util.Optional;
import org.alignment4j.data.filter.Decontamination;
import org.alignment4j.data.filter.LicenceFilter;
import org.alignment4j.data.filter.PiiScrubber;
import org.alignment4j.data.induction.Inducer;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.synthesis.SynthesisSettings.Principles;

/**
 * The components of a run's stages.
 *
 * @param decontamination empty to keep texts of evaluation sets
 * @param scrubber empty to keep personal data
 * @param judge empty, like expert and verifier, if only instructions are synthesised
 */
record SynthesisPlan(
    SynthesisSettings settings,
    Principles principles,
    LicenceFilter licences,
    Optional<Decontamination> decontamination,
    Optional<PiiScrubber> scrubber,
    Inducer inducer,
    Optional<ChatModel> judge,
    Optional<ChatModel> expert,
    Optional<ChatModel> verifier) {}
