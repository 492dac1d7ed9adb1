package org.alignment4j.sysformer;

/**
 * A request for DRO.
 *
 * @param request without a target
 * @param start its feature under the system prompt before training [D]
 */
record DroRow(GuardRow request, float[] start) {}
