/** Commands {@code compare} and {@code study}: several methods or settings side by side. */
@NullMarked
package org.alignment4j.examples.cli.compare;

import org.jspecify.annotations.NullMarked;
