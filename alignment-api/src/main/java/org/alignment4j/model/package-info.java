/** A white-box language model and its conversations: load, tokenise, capture, steer, generate. */
@NullMarked
package org.alignment4j.model;

import org.jspecify.annotations.NullMarked;
