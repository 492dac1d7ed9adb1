/** Commands below {@code guard}: train, run and evaluate a prompt guard. */
@NullMarked
package org.alignment4j.examples.cli.guard;

import org.jspecify.annotations.NullMarked;
