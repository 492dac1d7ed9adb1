package org.alignment4j.sysformer;

/**
 * A training row of DRO.
 *
 * @param request the request, without a target
 * @param start its feature vector [D] under the system prompt before training
 */
record DroRow(GuardRow request, float[] start) {}
