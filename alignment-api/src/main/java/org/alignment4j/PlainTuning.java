package org.alignment4j;

import java.util.List;
import org.alignment4j.adapter.Artifact;
import org.alignment4j.train.TrainingResult;

/** See {@link Tuning#of}. */
record PlainTuning<A extends Artifact>(
    A adapter, String reason, TrainingResult training, List<Tuning.Unused> unused)
    implements Tuning<A> {}
