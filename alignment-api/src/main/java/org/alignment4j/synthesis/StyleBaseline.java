package org.alignment4j.synthesis;

import org.alignment4j.evaluation.Rate;

/**
 * How well chosen and rejected answers can be told apart without reading what they say. Where this
 * is easy, training on the pairs can succeed by style alone: in the data that Safer-Instruct's
 * authors released, 72 % of the chosen answers are refusals. Immutable.
 *
 * @param chosenLonger pairs whose chosen answer has more words, among those of unequal length
 * @param lengthAccuracy pairs told right by the better of "the longer one" and "the shorter one",
 *     0.5 to 1; equal lengths count half; NaN without pairs
 * @param chosenRefuses pairs whose chosen answer refuses, as {@code StringRefusalJudge} reads
 * @param rejectedRefuses pairs whose rejected answer does
 * @param refusalAccuracy pairs told right by "the one that refuses" or by "the one that does not",
 *     whichever is better, 0.5 to 1; where both do or neither, half; NaN without pairs
 */
public record StyleBaseline(
    Rate chosenLonger,
    double lengthAccuracy,
    Rate chosenRefuses,
    Rate rejectedRefuses,
    double refusalAccuracy) {}
