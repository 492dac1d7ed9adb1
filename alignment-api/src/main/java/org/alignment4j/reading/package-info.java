/**
 * Representation reading: finds, from pairs of prompts that differ in one thing, the directions of
 * the residual stream along which a model tells them apart. The result is a control vector to steer
 * with.
 *
 * <p>Shapes: N pairs, D width.
 */
@NullMarked
package org.alignment4j.reading;

import org.jspecify.annotations.NullMarked;
