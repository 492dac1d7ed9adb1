/** Base classes of commands: options, run and outcome. */
@NullMarked
package org.alignment4j.examples.cli.command;

import org.jspecify.annotations.NullMarked;
