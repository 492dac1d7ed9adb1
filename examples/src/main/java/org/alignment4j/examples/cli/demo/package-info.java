/** Command {@code demo}: the library on the demonstration model. */
@NullMarked
package org.alignment4j.examples.cli.demo;

import org.jspecify.annotations.NullMarked;
