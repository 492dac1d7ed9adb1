/**
 * The command line {@code align}. Each package below holds one group of commands; under them lie
 * {@code command}, {@code option}, {@code input} and {@code output}, which they share.
 */
@NullMarked
package org.alignment4j.examples.cli;

import org.jspecify.annotations.NullMarked;
