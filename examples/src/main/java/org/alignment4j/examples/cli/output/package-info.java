/** Outputs of commands: console, progress, tables, JSON, and rates as text. */
@NullMarked
package org.alignment4j.examples.cli.output;

import org.jspecify.annotations.NullMarked;
