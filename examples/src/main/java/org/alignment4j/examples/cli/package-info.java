/**
 * The command line {@code align}: every command is one class below {@link
 * org.alignment4j.examples.cli.AlignCommand}.
 */
@NullMarked
package org.alignment4j.examples.cli;

import org.jspecify.annotations.NullMarked;
