/** Inputs of commands: prompts, typed lines, adapters on disk. */
@NullMarked
package org.alignment4j.examples.cli.input;

import org.jspecify.annotations.NullMarked;
