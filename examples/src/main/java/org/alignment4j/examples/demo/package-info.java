/** The demonstration model: its tokenizer, its training conversations and its own prompts. */
@NullMarked
package org.alignment4j.examples.demo;

import org.jspecify.annotations.NullMarked;
