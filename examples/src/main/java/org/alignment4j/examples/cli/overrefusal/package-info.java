/** The comparison of methods against over-refusal on a model that is made to over-refuse. */
@NullMarked
package org.alignment4j.examples.cli.overrefusal;

import org.jspecify.annotations.NullMarked;
