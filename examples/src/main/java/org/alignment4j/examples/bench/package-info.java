/** Timings of a checkpoint, on the same work as the Python benchmark. */
@NullMarked
package org.alignment4j.examples.bench;

import org.jspecify.annotations.NullMarked;
