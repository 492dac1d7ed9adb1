package org.alignment4j.synthesis;

/**
 * Lengths of texts in words. Immutable.
 *
 * @param texts how many texts there are
 * @param p5 a twentieth is at most so long; 0 without texts
 * @param median half of them are at most so long
 * @param p95 a twentieth is longer
 * @param mean the mean; 0 without texts
 */
public record LengthSummary(long texts, int p5, int median, int p95, double mean) {}
