/** What every command is made of: its options, its run and its outcome. */
@NullMarked
package org.alignment4j.examples.cli.command;

import org.jspecify.annotations.NullMarked;
