/** The library's central types: guards, probes, tuners, synthesizers and their results. */
@NullMarked
package org.alignment4j;

import org.jspecify.annotations.NullMarked;
