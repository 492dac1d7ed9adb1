package org.alignment4j.model;

/**
 * A given response as a model sees it, beside the one that it was tuned from.
 *
 * @param logProbability sum over its tokens of their natural log-probabilities, each given all
 *     before it, in nats, at most 0
 * @param divergence mean over its tokens of KL(model || start), exact over the vocabulary, in nats
 *     per token, at least 0
 */
public record ResponseScore(double logProbability, double divergence) {}
