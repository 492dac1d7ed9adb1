/** Command {@code synthesize}: preference pairs by Safer-Instruct. */
@NullMarked
package org.alignment4j.examples.cli.synthesize;

import org.jspecify.annotations.NullMarked;
