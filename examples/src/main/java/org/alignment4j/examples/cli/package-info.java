/**
 * The command line {@code align}. Each package below holds one group of commands; {@code command},
 * {@code option}, {@code input} and {@code output} are shared by them.
 */
@NullMarked
package org.alignment4j.examples.cli;

import org.jspecify.annotations.NullMarked;
