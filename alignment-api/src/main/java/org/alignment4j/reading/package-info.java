/**
 * Representation reading: finds, from pairs of prompts that differ in one property, the directions
 * of the residual stream that separate them. The result is a control vector for steering.
 *
 * <p>Shapes: N pairs, D width.
 */
@NullMarked
package org.alignment4j.reading;

import org.jspecify.annotations.NullMarked;
