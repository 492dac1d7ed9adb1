/** The programs and the command line; the only place that prints, draws and parses arguments. */
@NullMarked
package org.alignment4j.examples;

import org.jspecify.annotations.NullMarked;
