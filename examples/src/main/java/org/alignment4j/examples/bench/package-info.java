/** Timings of a checkpoint, the same work as a Python user's benchmark does. */
@NullMarked
package org.alignment4j.examples.bench;

import org.jspecify.annotations.NullMarked;
