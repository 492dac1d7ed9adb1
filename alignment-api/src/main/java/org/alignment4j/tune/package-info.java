/** Losses that several methods share over a model. */
@NullMarked
package org.alignment4j.tune;

import org.jspecify.annotations.NullMarked;
