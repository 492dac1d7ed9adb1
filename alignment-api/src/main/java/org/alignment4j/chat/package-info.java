/** Conversations and how a model family writes them: prompts, chat templates, tokens. */
@NullMarked
package org.alignment4j.chat;

import org.jspecify.annotations.NullMarked;
