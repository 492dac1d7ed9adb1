package org.alignment4j.sysformer;

import org.alignment4j.train.TrainingResult;

/**
 * What a training gave.
 *
 * @param sysformer as trained
 * @param result losses on the way
 */
public record SysformerTuning(Sysformer sysformer, TrainingResult result) {}
