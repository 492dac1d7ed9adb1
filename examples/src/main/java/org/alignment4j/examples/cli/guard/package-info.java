/** The commands below {@code guard}: train, run and evaluate a guard of prompts. */
@NullMarked
package org.alignment4j.examples.cli.guard;

import org.jspecify.annotations.NullMarked;
