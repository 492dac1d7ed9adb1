package org.alignment4j.model;

/**
 * Scores of a given response under a model: its log-probability, and the divergence from another
 * model, the start.
 *
 * @param logProbability sum of its tokens' natural log-probabilities, each given all tokens before
 *     it, in nats, at most 0
 * @param divergence mean over its tokens of KL(model || start), exact over the vocabulary, in nats
 *     per token, at least 0
 */
public record ResponseScore(double logProbability, double divergence) {}
