/** The programs and the command line; the only package that prints, draws and parses arguments. */
@NullMarked
package org.alignment4j.examples;

import org.jspecify.annotations.NullMarked;
