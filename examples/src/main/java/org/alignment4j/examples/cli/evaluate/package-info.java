/** Commands {@code evaluate} and {@code picture}: refusals, preferences and moral judgement. */
@NullMarked
package org.alignment4j.examples.cli.evaluate;

import org.jspecify.annotations.NullMarked;
