/** A white-box language model: load, capture, steer, generate, score, train. */
@NullMarked
package org.alignment4j.model;

import org.jspecify.annotations.NullMarked;
