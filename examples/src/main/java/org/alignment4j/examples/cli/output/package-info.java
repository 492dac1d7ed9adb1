/** What people and programs read: the console, progress, tables, JSON, and rates as text. */
@NullMarked
package org.alignment4j.examples.cli.output;

import org.jspecify.annotations.NullMarked;
